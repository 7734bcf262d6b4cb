"""What runtimes, drivers and libraries print when something fails: regular expressions by kind of clue.

Data, reviewed by eye; ``tests/providers/kubernetes/analyzers/log_lines.yaml`` holds lines for each form that it must
read, and near misses that it must not. Each form is bounded (no nested repetition), for the lines are foreign. Where a
form names a host or a variable, the groups ``host``, ``port`` and ``name`` hold it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HOST = r"(?P<host>[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,62})(?:\.[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}){0,8})"
_PORT = r"(?P<port>\d{2,5})\b"
_REFUSED = r"(?:connection refused|ECONNREFUSED|no route to host|EHOSTUNREACH|actively refused)"
_LATE = (
    r"(?:i/o timeout|\btimed out|ETIMEDOUT|deadline exceeded|host is unreachable|network is unreachable|"
    r"\b(?:read|connect|connection|dial) timeout\b)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogForm:
    """One way in which a kind of trouble is printed.

    Arguments:
        name: unique; the test's lines stand under it.
        kind: of the clue that it gives.
        certain: whether the line alone proves what it names. Else the host must be known to be one, and the variable to
            be one of the container's.
    """

    name: str
    kind: str
    pattern: re.Pattern[str]
    certain: bool = True


def _form(kind: str, name: str, pattern: str, *, certain: bool = True) -> LogForm:
    return LogForm(name=name, kind=kind, pattern=re.compile(pattern, re.IGNORECASE), certain=certain)


_POOL = rf"HTTPS?ConnectionPool\(host='{HOST}', port={_PORT}\).{{0,400}}?"
UNKNOWN_HOST = (
    _form(
        "unknown-host",
        "urllib3-unknown-host",
        rf"{_POOL}(?:name or service not known|failed to resolve|name resolution)",
    ),
    _form(
        "unknown-host",
        "go-lookup",
        rf"\blookup {HOST}\b(?: on [0-9.:\[\]a-f]{{3,60}})?: (?:read udp \S{{3,120}}: )?"
        r"(?:no such host|server misbehaving|i/o timeout)",
    ),
    _form("unknown-host", "node-getaddrinfo", rf"\b(?:getaddrinfo|query\w{{1,5}}) (?:ENOTFOUND|EAI_AGAIN) {HOST}"),
    _form("unknown-host", "libpq-translate", rf"could not translate host name [\"']{HOST}[\"']"),
    _form("unknown-host", "java-unknown-host", rf"UnknownHostException: {HOST}(?=[\s:\")]|$)"),
    _form("unknown-host", "curl-resolve", rf"could ?n[o']t resolve (?:host(?: ?name)?|address)[:=]? [\"']?{HOST}"),
    _form("unknown-host", "php-getaddresses", rf"getaddrinfo for {HOST} failed"),
    _form("unknown-host", "nginx-upstream", rf"host not found in upstream [\"']{HOST}"),
    _form("unknown-host", "grpc-target", rf"name resolution failed for target dns:/{{0,3}}{HOST}(?::\d{{1,5}})?"),
    _form("unknown-host", "nslookup", rf"(?:server can't find|host) {HOST}(?:: NXDOMAIN| not found: \d)"),
    _form(
        "unknown-host",
        "host-then-resolver",
        rf"[\s\"'/@(=]{HOST}(?::\d{{1,5}})?[\"')]{{0,2}}: (?:\[Errno -?\d{{1,3}}\] )?"
        r"(?:no such host|name or service not known|temporary failure in name resolution|nodename nor servname)",
    ),
    _form(
        "unknown-host",
        "resolver-then-host",
        rf"(?:no such host|unknown (?:server )?host|name or service not known)[:=( ]{{1,3}}[\"']{HOST}[\"']",
    ),
    _form(
        "unknown-host",
        "host-word",
        rf"\b(?:host|resolve|resolving|connect(?:ing)? to)[ :=]{{1,2}}[\"']?{HOST}(?::\d{{1,5}})?[\"']?[:, ].{{0,60}}?"
        r"(?:name or service not known|name resolution|no such host|nxdomain)",
    ),
)
_LIBPQ = rf"connection to server at [\"']{HOST}[\"'](?: \([0-9a-f.:]{{2,45}}\))?, port {_PORT} failed: "
_TO = rf"(?:connect|connection|connecting|dial|dialing|reach) to (?:\w{{2,12}}://)?{HOST}(?:[: ]| port ){_PORT}"
_ADDRESS = rf"(?P<before>[\s\"'/@(=<]){HOST}:{_PORT}"
REFUSED = (
    _form("refused", "node-refused", rf"\b(?:ECONNREFUSED|EHOSTUNREACH) {HOST}:{_PORT}"),
    _form(
        "refused", "go-refused", rf"\bdial tcp[46]? (?:\[[0-9a-f:]{{2,45}}\]|{HOST}):{_PORT}: (?:connect: )?{_REFUSED}"
    ),
    _form("refused", "libpq-refused", rf"{_LIBPQ}{_REFUSED}"),
    _form("refused", "thrift-refused", rf"<host: {HOST} port: {_PORT}>: {_REFUSED}"),
    _form("refused", "connect-to-refused", rf"{_TO}\b.{{0,80}}?(?:refused|reset by peer|couldn't connect to server)"),
    _form("refused", "mysql-refused", rf"can't connect to (?:mysql )?server on '{HOST}(?::{_PORT})?' \((?:111|113)\)"),
    _form("refused", "urllib3-refused", rf"{_POOL}{_REFUSED}"),
    _form(
        "refused",
        "nginx-refused",
        rf"connect\(\) failed \(11[13]: [^)]{{5,40}}\).{{0,400}}?upstream: \"\w{{4,6}}://{HOST}:{_PORT}",
    ),
    _form(
        "refused",
        "kafka-node",
        rf"connection to node -?\d{{1,10}} \((?:[\w.-]{{1,200}}/)?{HOST}:{_PORT}\) could not be",
    ),
    _form("refused", "prisma-unreached", rf"can't reach database server at `{HOST}`:`{_PORT}`"),
    _form("refused", "dotnet-refused", rf"connection refused \[::ffff:{HOST}\]:{_PORT}"),
    _form("refused", "address-then-refused", rf"{_ADDRESS}[\"')>]?[^a-zA-Z0-9].{{0,80}}?{_REFUSED}", certain=False),
    _form("refused", "refused-then-address", rf"{_REFUSED}\W.{{0,60}}?{_ADDRESS}", certain=False),
)
TIMED_OUT = (
    _form("timeout", "node-timeout", rf"\bETIMEDOUT {HOST}:{_PORT}"),
    _form("timeout", "go-timeout", rf"\bdial tcp[46]? (?:\[[0-9a-f:]{{2,45}}\]|{HOST}):{_PORT}: .{{0,24}}?{_LATE}"),
    _form("timeout", "libpq-timeout", rf"{_LIBPQ}.{{0,30}}?(?:{_LATE}|timeout)"),
    _form("timeout", "connect-to-timeout", rf"{_TO}\b.{{0,80}}?{_LATE}"),
    _form("timeout", "mysql-timeout", rf"can't connect to (?:mysql )?server on '{HOST}(?::{_PORT})?' \(110\)"),
    _form("timeout", "urllib3-timeout", rf"{_POOL}{_LATE}"),
    _form("timeout", "address-then-timeout", rf"{_ADDRESS}[\"')>]?[^a-zA-Z0-9].{{0,80}}?{_LATE}", certain=False),
    _form("timeout", "timeout-then-address", rf"{_LATE}\W.{{0,60}}?{_ADDRESS}", certain=False),
)
SOURCE_FILE = re.compile(
    r"(?i)\.(?:go|py|java|kt|scala|js|mjs|cjs|jsx|ts|tsx|rb|rs|c|cc|cpp|cxx|h|hh|hpp|php|cs|fs|ex|exs|erl|lua|sh|pl|pm|"
    r"swift|m|mm|clj|groovy|sql|ya?ml|json|toml|conf|cfg|ini|xml|properties|log|txt|md|html?)$"
)
"""The end of what looks like ``host:port`` and is a file with a line number."""
NOT_HOSTS = frozenset(
    {
        "pid", "line", "lines", "status", "code", "errno", "error", "exit", "level",
        "attempt", "attempts", "retry", "retries", "shard", "partition", "offset", "count", "took",
        "duration", "elapsed", "ms", "sec", "seconds", "port", "size", "len", "length",
        "index", "id", "worker", "thread", "row", "col", "column", "version", "rev",
        "step", "page", "undefined", "null", "none", "nil", "nan", "true", "false",
    }
)  # fmt: skip
"""Words that stand before a colon and a number, or where a value is missing, and name no host."""
_ACRONYM = (
    r"(?!(?:HTTPS?|JSON|XML|YAML|HTML|SQL|CSV|UTF|URL|URI|TCP|UDP|TLS|SSL|API|UUID|DNS|EOF|NULL|TRUE|FALSE|GET|POST|PUT|"
    r"PATCH|DELETE|HEAD|ERROR|WARN|WARNING|INFO|DEBUG|FATAL|THE)\b)"
)
_NAME = rf"(?-i:{_ACRONYM}(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]|[A-Z]{{3,}}[A-Z0-9]*))"
_SNAKE = r"(?-i:(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]))"
_UNSET = (
    r"(?:must be (?:set|defined|provided)|not set|unset|missing|required|undefined|not defined|not provided|not found|"
    r"empty|not present)"
)
MISSING_VARIABLE = (
    _form(
        "missing-variable",
        "variable-word-first",
        rf"\b(?:env(?:ironment)?[ -]?var(?:iable)?s?|envvar|env)\b[:=]? ?[\"'`$({{]{{0,3}}{_NAME}\b[\"'`)}}]{{0,2}}"
        rf"[^.;]{{0,24}}?\b{_UNSET}",
    ),
    _form(
        "missing-variable",
        "missing-variable-word",
        r"\b(?:missing|required|unset|undefined|expected|no|set|need|needs|provide|specify|define|without)\b"
        rf"[^.;:]{{0,24}}\b(?:env(?:ironment)?[ -]?var(?:iable)?s?|envvar|env)\b[^.;:]{{0,24}}[: ]{{1,2}}"
        rf"[\"'`$({{]{{0,3}}{_NAME}\b",
    ),
    _form(
        "missing-variable",
        "name-as-variable",
        rf"\b{_NAME}[\"'`]? (?:env(?:ironment)?[ -]?var(?:iable)?|env)\b.{{0,16}}?{_UNSET}",
    ),
    _form(
        "missing-variable",
        "set-the-variable",
        rf"\b(?:set|provide|define|specify|missing)\b(?: the)? [\"'`$]?{_NAME}[\"'`]? env(?:ironment)?[ -]?var",
    ),
    _form(
        "missing-variable",
        "variable-not-found",
        r"\benv(?:ironment)?[ -]?var(?:iable)?s? (?:not (?:found|set)|missing|unset|required): ?"
        rf"[\"'`$]{{0,2}}{_NAME}\b",
    ),
    _form(
        "missing-variable", "shell-unbound", rf"(?:: |^|\$){_NAME}: (?:unbound variable|parameter (?:null or )?not set)"
    ),
    _form("missing-variable", "go-envconfig", rf"required key {_NAME} missing value"),
    _form("missing-variable", "spring-placeholder", rf"could not resolve placeholder '{_SNAKE}'"),
    _form("missing-variable", "rust-env", rf"\b{_NAME}[^a-z]{{1,6}}(?:NotPresent|environment variable not found)"),
    _form("missing-variable", "ruby-fetch", rf"key not found: [\"']{_NAME}[\"'].{{0,40}}?(?:ENV|KeyError)"),
    _form("missing-variable", "python-key", rf"^(?:\w{{0,20}}: )?KeyError: ['\"]{_NAME}['\"]", certain=False),
    _form(
        "missing-variable",
        "name-not-set",
        rf"(?:^|[:\]\"'`($] ?|\b(?:error|fatal|because|config|setting) ){_SNAKE}[\"'`)]?"
        r"(?: (?:is|was|must be|has to be|needs to be|are|not))?"
        r" (?:not set|unset|undefined|set|required|missing|empty|provided)\b",
        certain=False,
    ),
    _form(
        "missing-variable",
        "missing-name",
        r"\b(?:missing|required|undefined|unset|expected)\b(?: required)?"
        r"(?: (?:setting|config(?:uration)?(?: key| value)?|key|value|property|parameter))?:? "
        rf"[\"'`$({{]{{0,3}}{_SNAKE}\b",
        certain=False,
    ),
)
PYTHON_ENVIRONMENT = re.compile(r"os\.environ|<frozen os>|/os\.py\"|environ\[|\benv\(|environ\.py\"|decouple\.py\"")
"""A frame or a source line just before a KeyError that says that the key is an environment variable."""
BAD_VALUE = (
    _form(
        "bad-value",
        "bad-then-name",
        r"\b(?:invalid|malformed|illegal|unparsable|unsupported|bad|cannot parse|could not parse|failed to parse)\b"
        rf".{{0,80}}?[^A-Z_]{_NAME}\b",
        certain=False,
    ),
    _form(
        "bad-value",
        "name-then-bad",
        rf"\b{_NAME}\b.{{0,40}}?(?:is invalid|is not (?:a|an) valid|must be (?:a|an|one of|between)|cannot be parsed)",
        certain=False,
    ),
)
PLAIN = (
    _form(
        "out-of-memory",
        "heap-exhausted",
        r"java\.lang\.OutOfMemoryError|heap out of memory|\bMemoryError\b(?!:? handler)|cannot allocate memory",
    ),
    _form("disk-full", "no-space", r"\bno space left on device\b|\bENOSPC\b|disk quota exceeded"),
    _form("disk-broken", "io-error", r"\binput/output error\b|\bEIO\b: |I/O error, dev |Buffer I/O error"),
    _form("exec-format", "exec-format", r"exec format error|exec user process caused.{0,20}format"),
    _form("address-in-use", "address-in-use", r"\baddress already in use\b|\bEADDRINUSE\b"),
    _form(
        "access-denied",
        "login-refused",
        r"password authentication failed for|access denied for user|\bauthentication failed\b|"
        r"\bNOAUTH authentication required|\bWRONGPASS\b|\bnot authorized on \S+ to execute|"
        r"there was an authentication failure|invalid (?:credentials|password|api key)\b|\b401 unauthorized\b|"
        r"(?:login|logon) failed for user|SASL authentication failed|AuthenticationException",
    ),
    _form(
        "certificate",
        "certificate-refused",
        r"certificate has expired|\bx509: |certificate verify failed|tls: (?:bad|unknown) certificate|"
        r"PKIX path building failed|self[- ]signed certificate in certificate chain|CERT_HAS_EXPIRED",
    ),
    _form(
        "file-missing",
        "file-missing",
        r"\bno such file or directory\b|\bFileNotFoundError\b|\bENOENT\b|FileNotFoundException",
    ),
    _form(
        "permission",
        "permission-denied",
        r"\bpermission denied\b(?! for (?:table|relation|schema|user))|\bread-only file system\b|"
        r"\boperation not permitted\b|\bEACCES\b|\bEPERM\b",
    ),
    _form("forbidden-api", "forbidden-api", r"is forbidden: user \"system:serviceaccount:"),
)
_ANSWERED = (
    r"(?:HTTP/[\d.]{1,3}\"? |\bstatus(?:_?code)?[\"']?[=: ]{1,2}[\"']?|\bHTTP (?:status )?(?:code )?|\bcode=|"
    r"\bresponse )"
)
ANSWERS = (
    _form(
        "http-5xx",
        "http-server-error",
        rf"{_ANSWERED}5\d\d\b|\b(?:500 Internal Server Error|502 Bad Gateway|503 Service Unavailable)\b|"
        r"\b504 Gateway Time-?out\b",
    ),
    _form(
        "http-4xx",
        "http-client-error",
        rf"{_ANSWERED}4(?:0[0135-9]|[1-9]\d)\b|\b(?:401 Unauthorized|403 Forbidden|429 Too Many Requests)\b",
    ),
    _form(
        "grpc-error",
        "grpc-failure",
        r"\bcode = (?:Unavailable|DeadlineExceeded|Internal|Unknown|ResourceExhausted|Aborted|DataLoss|"
        r"FailedPrecondition)\b|StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED|INTERNAL|UNKNOWN|RESOURCE_EXHAUSTED)\b|"
        r"\b(?:14 UNAVAILABLE|4 DEADLINE_EXCEEDED|13 INTERNAL)\b|"
        r"StatusCode=\"(?:Unavailable|Internal|FailedPrecondition|DeadlineExceeded)\"",
    ),
    _form(
        "slow-answer",
        "time-out-said",
        r"\b(?:context deadline exceeded|read timed out|request timed out|SocketTimeoutException|ReadTimeout|"
        r"upstream timed out|Client\.Timeout exceeded|Timeout expired|"
        r"timed out waiting for (?:a |the )?(?:response|reply|connection))\b",
    ),
)
FORMS: tuple[LogForm, ...] = (*UNKNOWN_HOST, *REFUSED, *TIMED_OUT, *MISSING_VARIABLE, *BAD_VALUE, *PLAIN, *ANSWERS)
"""Every form that there is; the test holds each to its lines."""
ERROR = re.compile(
    r"\b(?i:fatal|panic|critical|exception|traceback|failed|failure|cannot|could not|unable|refused|denied|aborted)\b"
    r"|(?i:\berrors?\b)(?!\s*[=:]?\s*(?i:0|none|null|nil|false)\b)|\w(?:Error|Exception)\b|^[EF]\d{4} |^fail: "
    r"|\b(?:ENOTFOUND|EAI_AGAIN|NXDOMAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ImproperlyConfigured)\b"
)
QUIET = re.compile(
    r"(?i)\b(?:0|no|without|zero) (?:errors?|failures?|exceptions?)\b|\berrors?[\"']?[=:] ?(?:0|\[\])(?!\d)"
)
"""A line that counts errors and found none, or is calm by its own level."""
CALM_LEVEL = re.compile(
    r"(?i)^(?:\S{1,40} ){0,3}?\[?(?:info|debug|trace|notice)\]?[: ]|"
    r"\blevel[\"']?[=:] ?[\"']?(?:info|debug|trace)\b|^[ID]\d{4} "
)
LOUD_LEVEL = re.compile(
    r"(?:^|[\s\[\"'(|<=:])(?:ERROR|ERR|FATAL|CRITICAL|CRIT|PANIC|SEVERE|EMERG|ALERT|emerg|crit|fail|panic|error|fatal)"
    r"(?:[\]\s\":|,>)]|$)|^[EF]\d{4} |Traceback \(most recent call last\)|\b\w{2,60}(?:Error|Exception)\b(?::|$)"
    r"|\bUnhandled\b|\b(?:ENOTFOUND|EAI_AGAIN|NXDOMAIN|ECONNRESET)\b|\"s\":\"[EF]\""
)
"""A line that a program itself calls an error: by its level, or by the exception that it prints."""
FRAME = re.compile(
    r"^\s|^goroutine \d|^\.\.\. \d|^(?:main|runtime|net/http|java|org|com)\.[\w.$/()*]+\(|^\d+\+\d+ records|^$"
    r"|^[)}\]]+$"
)
"""A line of a stack, or another that says nothing by itself."""
SUSPICIOUS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:ignore|disregard|forget|override) (?:all |any )?(?:of )?(?:the |your )?(?:previous|prior|above|earlier)\b"
        r".{0,30}(?:instruction|prompt|rule|message|context)",
        r"\byou (?:are|must act as|are now) (?:an? |the )?(?:ai|assistant|agent|language model|operator bot)\b",
        r"\b(?:ai|assistant|agent|agentops|llm|copilot|model|operator)s?[:,]? .{0,60}"
        r"\b(?:must|should|please|immediately|now)\b.{0,60}"
        r"\b(?:run|execute|delete|scale|apply|approve|report|kubectl)\b",
        r"</?(?:system|assistant|instructions?|untrusted|tool_result|function_calls?)\b[^>]{0,40}>",
        r"(?:new|updated|real|actual) (?:system )?instructions?\s*:",
        r"\b(?:kubectl|helm|aws) (?:delete|scale|drain|patch|exec|apply|uninstall)\b.{0,80}"
        r"(?:to fix|to resolve|immediately|as (?:the )?(?:fix|remedy)|now)",
    )
)
