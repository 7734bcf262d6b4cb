"""The formats that fields have, and what the real validators say when a value does not have one.

Comes in: a value. Goes out: what is wrong with it, in the words of the real server; nothing when it is right. Patterns
stand in ``schema/formats.yaml``. Must never: know anything about the field that holds it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import available_timezones

from agentops.sandbox.data import data

_PORT = "must be between 1 and 65535, inclusive"
_DESCRIPTORS = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every (\d+[hms])+)")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# Lowest and highest value of each field of a cron schedule, and the names that stand for them, from the lowest on.
_CRON: tuple[tuple[int, int, list[str]], ...] = ((0, 59, []), (0, 23, []), (1, 31, []), (1, 12, _MONTHS), (0, 6, _DAYS))


def is_format(name: str) -> bool:
    """Return whether there is a format of this name."""
    return name in _CODED or name in data("formats.yaml")


def wrongs(name: str, value: Any) -> Iterator[str]:
    """Yield what keeps a value from having a format."""
    if name in _CODED:
        yield from _CODED[name](value)
        return
    wanted = data("formats.yaml")[name]
    most, _, unit = str(wanted.get("most", "")).partition(" ")
    if most and len(value) > int(most):
        yield f"must be no more than {most} {unit}"
    if not re.fullmatch(wanted["pattern"], value):
        words = (words for pattern, words in wanted.get("instead", ()) if re.fullmatch(pattern, value))
        yield next(words, wanted["say"]).replace("{value}", value)


def _qualified(value: str) -> Iterator[str]:
    """A label's key: a name, perhaps with a DNS subdomain and a slash before it."""
    prefix, slash, name = value.rpartition("/")
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {words}" for words in wrongs("subdomain", prefix))
    if not name:
        yield "name part must be non-empty"
    yield from (f"name part {words}" for words in wrongs("name-part", name))


def _port(value: int) -> Iterator[str]:
    if not 0 < value < 65536:
        yield _PORT


def _port_or_name(value: int | str) -> Iterator[str]:
    yield from _port(value) if isinstance(value, int) else wrongs("port-name", value)


def _count_or_percent(value: int | str) -> Iterator[str]:
    if isinstance(value, str):
        yield from wrongs("percent", value)
    elif value < 0:
        yield "must be greater than or equal to 0"


def _file_mode(value: int) -> Iterator[str]:
    if not 0 <= value <= 0o777:
        yield "must be a number between 0 and 0777 (octal), both inclusive"


def _ip(value: str) -> Iterator[str]:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        yield "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def _cidr(value: str) -> Iterator[str]:
    if network(value) is None:
        yield "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network that a CIDR stands for; None when it is none."""
    try:
        return ipaddress.ip_network(value, strict=False) if "/" in value else None
    except ValueError:
        return None


def _ingress_host(value: str) -> Iterator[str]:
    if not list(_ip(value)):
        yield "must be a DNS name, not an IP address"
    yield from wrongs("subdomain", value.removeprefix("*."))


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
        if not _DESCRIPTORS.fullmatch(value):
            yield f"unrecognized descriptor: {value}"
    elif len(value.split()) != 5:
        yield f"expected exactly 5 fields, found {len(value.split())}: [{value}]"
    else:
        parts = zip(value.split(), _CRON, strict=True)
        wrong = (_cron_range(part, *bounds) for field, bounds in parts for part in field.split(",") if part)
        yield from filter(None, [next(filter(None, wrong), "")])


def _cron_range(text: str, lowest: int, highest: int, names: list[str]) -> str:
    base, slash, step = text.partition("/")
    ends = [] if base in ("*", "?") else base.split("-", 1)
    numbers = [str(lowest + names.index(end.lower())) if end.lower() in names else end for end in ends]
    for number in (*numbers, *([step] if slash else [])):
        if not number.isdigit():
            return f'failed to parse int from {number}: strconv.Atoi: parsing "{number}": invalid syntax'
    low = int(numbers[0]) if numbers else lowest
    high = int(numbers[-1]) if len(numbers) == 2 or (numbers and not slash) else highest
    if low < lowest:
        return f"beginning of range ({low}) below minimum ({lowest}): {text}"
    if high > highest:
        return f"end of range ({high}) above maximum ({highest}): {text}"
    if low > high:
        return f"beginning of range ({low}) beyond end of range ({high}): {text}"
    return f"step of range should be a positive number: {text}" if slash and int(step) == 0 else ""


_CODED: dict[str, Callable[[Any], Iterator[str]]] = {
    "qualified": _qualified,
    "port": _port,
    "port-or-name": _port_or_name,
    "count-or-percent": _count_or_percent,
    "file-mode": _file_mode,
    "ip": _ip,
    "cidr": _cidr,
    "ingress-host": _ingress_host,
    "time-zone": _time_zone,
    "schedule": _schedule,
}
