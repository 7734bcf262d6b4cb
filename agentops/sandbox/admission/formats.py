"""The formats that fields have, and what the real validators say when a value does not have one.

Comes in: a value. Goes out: what is wrong with it, in the words of the real server; nothing when it is right. Must
never: know anything about the field that holds it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import available_timezones

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_ENDS = "and must start and end with an alphanumeric character"
_SUBDOMAIN_WORDS = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS} "
    f"(e.g. 'example.com', regex used for validation is '{_SUBDOMAIN.pattern}')"
)
_LABEL_WORDS = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ENDS} "
    f"(e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL.pattern}')"
)
_VALUE_WORDS = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ENDS} "
    f"(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_LABEL_VALUE.pattern}')"
)
_NAME_PART_WORDS = (
    f"name part must consist of alphanumeric characters, '-', '_' or '.', {_ENDS} "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED.pattern}')"
)
_KEY_WORDS = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_PERCENT_WORDS = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)
PORT_WORDS = "must be between 1 and 65535, inclusive"
_DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# Lowest and highest value of each field of a cron schedule, and the names that stand for them, from the lowest on.
_CRON: tuple[tuple[int, int, list[str]], ...] = ((0, 59, []), (0, 23, []), (1, 31, []), (1, 12, _MONTHS), (0, 6, _DAYS))


def label(value: str) -> Iterator[str]:
    """Yield what keeps a value from being a DNS label."""
    if len(value) > 63:
        yield "must be no more than 63 characters"
    if not _LABEL.fullmatch(value):
        yield "must not contain dots" if _SUBDOMAIN.fullmatch(value) else _LABEL_WORDS


def subdomain(value: str) -> Iterator[str]:
    """Yield what keeps a value from being a DNS subdomain."""
    if len(value) > 253:
        yield "must be no more than 253 characters"
    if not _SUBDOMAIN.fullmatch(value):
        yield _SUBDOMAIN_WORDS


def label_value(value: str) -> Iterator[str]:
    """Yield what keeps a value from being that of a label."""
    if len(value) > 63:
        yield "must be no more than 63 bytes"
    if not _LABEL_VALUE.fullmatch(value):
        yield _VALUE_WORDS


def qualified(value: str) -> Iterator[str]:
    """Yield what keeps a value from being a label's key: a name, perhaps with a DNS subdomain and a slash before."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        yield (
            f"a qualified name {_NAME_PART_WORDS.removeprefix('name part ')} with an optional DNS subdomain prefix and "
            "'/' (e.g. 'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {words}" for words in subdomain(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 bytes"
    if not _QUALIFIED.fullmatch(name):
        yield _NAME_PART_WORDS


def config_key(value: str) -> Iterator[str]:
    """Yield what keeps a value from being a key of a ConfigMap or Secret."""
    if len(value) > 253:
        yield "must be no more than 253 characters"
    if not re.fullmatch(r"[-._a-zA-Z0-9]+", value):
        yield _KEY_WORDS
    if value in (".", ".."):
        yield f"must not be '{value}'"
    elif value.startswith(".."):
        yield "must not start with '..'"


def _port_name(value: str) -> Iterator[str]:
    if len(value) > 15:
        yield "must be no more than 15 characters"
    if not re.fullmatch(r"[-a-z0-9]+", value):
        yield "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    elif not re.search(r"[a-z]", value):
        yield "must contain at least one letter (a-z)"
    if "--" in value:
        yield "must not contain consecutive hyphens"
    if value.startswith("-") or value.endswith("-"):
        yield "must not begin or end with a hyphen"


def _port(value: int) -> Iterator[str]:
    if not 0 < value < 65536:
        yield PORT_WORDS


def _port_or_name(value: int | str) -> Iterator[str]:
    yield from _port(value) if isinstance(value, int) else _port_name(value)


def _env_name(value: str) -> Iterator[str]:
    if not re.fullmatch(r"[ -<>-~]+", value):
        yield "a valid environment variable name must consist only of printable ASCII characters other than '='"


def _count_or_percent(value: int | str) -> Iterator[str]:
    if isinstance(value, int):
        if value < 0:
            yield "must be greater than or equal to 0"
    elif not re.fullmatch(r"[0-9]+%", value):
        yield _PERCENT_WORDS
    elif int(value[:-1]) > 100:
        yield "must not be greater than 100%"


def _file_mode(value: int) -> Iterator[str]:
    if not 0 <= value <= 0o777:
        yield "must be a number between 0 and 0777 (octal), both inclusive"


def _local_path(value: str) -> Iterator[str]:
    if value.startswith("/"):
        yield "must be a relative path"
    if ".." in value.split("/"):
        yield "must not contain '..'"


def ip(value: str) -> Iterator[str]:
    """Yield what keeps a value from being an address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        yield "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def cidr(value: str) -> Iterator[str]:
    """Yield what keeps a value from being a network."""
    if network(value) is None:
        yield "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network that a CIDR stands for; None when it is none."""
    try:
        return ipaddress.ip_network(value, strict=False) if "/" in value else None
    except ValueError:
        return None


def _ingress_host(value: str) -> Iterator[str]:
    if not list(ip(value)):
        yield "must be a DNS name, not an IP address"
    yield from subdomain(value.removeprefix("*."))


def _field_path(value: str) -> Iterator[str]:
    plain = (
        "metadata.name metadata.namespace metadata.uid spec.nodeName spec.serviceAccountName status.hostIP "
        "status.hostIPs status.podIP status.podIPs metadata.labels metadata.annotations"
    )
    if value.partition("[")[0] not in plain.split():
        yield f"error converting fieldPath: field label not supported: {value}"


def _time_zone(value: str) -> Iterator[str]:
    if value.lower() == "local":
        yield "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
    elif value not in available_timezones():
        yield f"unknown time zone {value}"


def _schedule(value: str) -> Iterator[str]:
    """Yield the first thing that is wrong with a cron schedule, as the parser of the real server says it."""
    if "TZ" in value:
        yield "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
    elif value.startswith("@"):
        if value not in _DESCRIPTORS and not re.fullmatch(r"@every (\d+[hms])+", value):
            yield f"unrecognized descriptor: {value}"
    elif len(value.split()) != 5:
        yield f"expected exactly 5 fields, found {len(value.split())}: [{value}]"
    else:
        parts = zip(value.split(), _CRON, strict=True)
        wrong = (_cron_range(part, *bounds) for field, bounds in parts for part in field.split(","))
        yield from filter(None, [next(filter(None, wrong), "")])


def _cron_range(text: str, lowest: int, highest: int, names: list[str]) -> str:
    base, slash, step = text.partition("/")
    first, dash, last = base.partition("-")
    numbers = []
    for part in () if first in ("*", "?") else (first, last) if dash else (first,):
        named = str(lowest + names.index(part.lower())) if part.lower() in names else part
        if not named.isdigit():
            return f'failed to parse int from {part}: strconv.Atoi: parsing "{part}": invalid syntax'
        numbers.append(int(named))
    low, high = (numbers[0], numbers[-1]) if numbers else (lowest, highest)
    if slash and not step.isdigit():
        return f'failed to parse int from {step}: strconv.Atoi: parsing "{step}": invalid syntax'
    if slash and len(numbers) == 1:
        high = highest
    if low < lowest:
        return f"beginning of range ({low}) below minimum ({lowest}): {text}"
    if high > highest:
        return f"end of range ({high}) above maximum ({highest}): {text}"
    if low > high:
        return f"beginning of range ({low}) beyond end of range ({high}): {text}"
    return f"step of range should be a positive number: {text}" if slash and int(step) == 0 else ""


FORMATS: dict[str, Callable[[Any], Iterator[str]]] = {
    "label": label,
    "subdomain": subdomain,
    "label-value": label_value,
    "qualified": qualified,
    "config-key": config_key,
    "port-name": _port_name,
    "port": _port,
    "port-or-name": _port_or_name,
    "env-name": _env_name,
    "count-or-percent": _count_or_percent,
    "file-mode": _file_mode,
    "local-path": _local_path,
    "ip": ip,
    "cidr": cidr,
    "ingress-host": _ingress_host,
    "field-path": _field_path,
    "time-zone": _time_zone,
    "schedule": _schedule,
}
