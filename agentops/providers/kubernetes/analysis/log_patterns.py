"""What runtimes, drivers and libraries print when something fails: regular expressions by kind of clue.

Data, reviewed by eye. Each pattern is bounded (no nested repetition), for the lines it reads are foreign. Where a
pattern names a host or a variable, group 1 is the name; group 2 is the port.
"""

from __future__ import annotations

import re

HOST = r"([a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,62})(?:\.[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}){0,8})"


def _forms(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


UNKNOWN_HOST = _forms(
    rf"lookup {HOST}\b[^:]{{0,40}}(?: on [0-9.:\[\]a-f]{{3,60}})?: (?:no such host|server misbehaving|i/o timeout)",
    rf"(?:getaddrinfo|queryA{{1,4}}) (?:ENOTFOUND|EAI_AGAIN) {HOST}",
    rf"could not translate host name [\"']{HOST}[\"']",
    rf"UnknownHostException: {HOST}",
    rf"could not resolve (?:host(?: ?name)?|address)[:=]? [\"']?{HOST}",
    rf"(?:host|resolve|resolving|connect(?:ing)? to|reach|lookup)[ :=\"']{{1,4}}{HOST}(?::\d+)?[\"']?[:, ].{{0,60}}"
    r"(?:name or service not known|name resolution|no such host|nxdomain|not found in dns|unknown host)",
    rf"php_network_getaddresses: getaddrinfo for {HOST} failed",
    rf"(?:no such host|unknown (?:server )?host|NXDOMAIN|name or service not known)[:=( ]{{1,3}}[\"']?{HOST}",
    rf"host not found in upstream [\"']{HOST}",
    rf"[\"'/ @]{HOST}(?::\d+)?[\"')]{{0,2}}: (?:no such host|name or service not known|temporary failure in name)",
)
REFUSED = _forms(
    rf"ECONNREFUSED {HOST}:(\d+)",
    rf"dial tcp (?:\[[0-9a-f:]+\]|{HOST}):(\d+): (?:connect: )?(?:connection refused|no route to host)",
    rf"connection to server at [\"']{HOST}[\"'](?: \([0-9a-f.:]+\))?, port (\d+) failed: (?:connection refused|no ro)",
    rf"[\"'/ @(=]{HOST}:(\d+)[\"')]?[^a-zA-Z].{{0,80}}?(?:connection refused|refused|ECONNREFUSED)",
    rf"(?:connection refused|refused|ECONNREFUSED)\W.{{0,60}}?[\s\"'/@(=]{HOST}:(\d+)",
    rf"(?:connect|connection|connecting) to {HOST}(?:[: ]| port )(\d+).{{0,40}}(?:refused|reset)",
)
TIMED_OUT = _forms(
    rf"dial tcp (?:\[[0-9a-f:]+\]|{HOST}):(\d+): i/o timeout",
    rf"ETIMEDOUT {HOST}:(\d+)",
    rf"connection to server at [\"']{HOST}[\"'](?: \([0-9a-f.:]+\))?, port (\d+) failed: .{{0,30}}time(?:d? ?out|out)",
    rf"[\"'/ @(=]{HOST}:(\d+)[\"')]?\W.{{0,80}}?(?:timed? ?out|timeout|deadline exceeded|unreachable)",
    rf"(?:timed? ?out|timeout|deadline exceeded|unreachable)\W.{{0,60}}?[\s\"'/@(=]{HOST}:(\d+)",
)
_NAME = r"((?-i:[A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{4,}))"
VARIABLE = _forms(
    r"KeyError: ['\"]([A-Z][A-Z0-9_]{2,})['\"]",
    rf"\b{_NAME}\b[\"'`]? (?:env(?:ironment)? var(?:iable)? )?(?:is |was |must be |has )?"
    r"(?:not set|required|missing|undefined|unset|not defined|not provided|not configured|not found|empty|set\b)",
    r"(?:missing|required|undefined|unset|expected|no)\b(?: required)?(?: env(?:ironment)?)?"
    r"(?: (?:var(?:iable)?s?|setting|config(?:uration)?(?: key| value)?|key|value|property))?:? "
    r"[\"'`$]?\{?([A-Z][A-Z0-9_]{3,})\b",
    r"(?:environment variable|env var)[s:]? [\"'`$]?([A-Z][A-Z0-9_]{2,})[\"'`]? .{0,20}(?:not|missing|required|empty)",
)
BAD_VALUE = _forms(
    r"\b(?:invalid|malformed|illegal|unparsable|unsupported|bad|cannot parse|could not parse|failed to parse)\b"
    rf".{{0,80}}?[^A-Z_]{_NAME}\b",
    rf"\b{_NAME}\b.{{0,40}}?(?:is invalid|is not (?:a|an) valid|must be (?:a|an|one of|between)|cannot be parsed)",
)
PLAIN: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...] = (
    (
        "out-of-memory",
        _forms(r"java\.lang\.OutOfMemoryError", r"heap out of memory", r"\bMemoryError\b", r"cannot allocate memory"),
    ),
    ("disk-full", _forms(r"no space left on device", r"disk quota exceeded")),
    ("exec-format", _forms(r"exec format error", r"exec user process caused.{0,20}format")),
    ("address-in-use", _forms(r"address already in use", r"EADDRINUSE")),
    (
        "access-denied",
        _forms(
            r"password authentication failed",
            r"access denied for user",
            r"authentication failed",
            r"NOAUTH|WRONGPASS",
            r"invalid (?:credentials|password|api key)",
            r"\b401 unauthorized",
        ),
    ),
    (
        "certificate",
        _forms(
            r"certificate has expired",
            r"x509: certificate",
            r"certificate verify failed",
            r"tls: (?:bad|unknown) certificate",
        ),
    ),
    ("file-missing", _forms(r"no such file or directory", r"FileNotFoundError", r"\bENOENT\b", r"cannot open\b")),
    ("permission", _forms(r"permission denied", r"read-only file system", r"operation not permitted", r"\bEACCES\b")),
    ("forbidden-api", _forms(r"is forbidden: user \"system:serviceaccount")),
)
ERROR = re.compile(
    r"\b(?i:fatal|panic|critical|error|exception|traceback|failed|failure|cannot|could not|unable|refused|denied|abort)"
    r"|\bE\d{4} "
)
SUSPICIOUS = _forms(
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
