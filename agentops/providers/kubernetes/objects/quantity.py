"""Kubernetes quantities (``250m``, ``128Mi``, ``1e3``): read as numbers, written as a server stores them, or short.

Comes in: what stands in a field of an object. Goes out: a number in its basic unit (cores, bytes, a count), or text.
What is no quantity to the API server is none here: no spaces, no ``inf``, no exponent together with a suffix. Source:
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ and apimachinery ``resource.Quantity``.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Context, Decimal
from functools import lru_cache

_BINARY = {name: Decimal(2) ** (10 * power) for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX_OF = {power: name for name, power in _DECIMAL.items()}
# A suffix is binary, or decimal, or an exponent; never two of them. The lengths keep a hostile number short.
_FORM = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,60}\.?[0-9]{0,60}|\.[0-9]{1,60}))"
    r"(?:(?P<binary>[KMGTPE]i)|(?P<decimal>[numkMGTPE])|[eE](?P<exponent>[+-]?[0-9]{1,2}))?"
)
_EXACT = Context(prec=400)
_NANO = Decimal("1e-9")
_MOST_BINARY = Decimal(2**63 - 1)


@lru_cache(maxsize=8192)
def _read(written: str) -> tuple[Decimal, str] | None:
    """Return the number of a quantity and its kind: binary, decimal or exponent."""
    match = _FORM.fullmatch(written)
    if match is None:
        return None
    number = Decimal(match["number"])
    if match["binary"]:
        # The server caps what is written in powers of 1024, and only that, at the largest int64.
        number = _finest(_EXACT.multiply(number, _BINARY[match["binary"]]))
        return max(min(number, _MOST_BINARY), -_MOST_BINARY), "binary"
    power = int(match["exponent"]) if match["exponent"] else _DECIMAL[match["decimal"] or ""]
    return _finest(number.scaleb(power, _EXACT)), "exponent" if match["exponent"] else "decimal"


def _finest(number: Decimal) -> Decimal:
    """Return the number to the nano: who asks for less gets one nano, so finer parts are rounded away from zero."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -9:
        return number.quantize(_NANO, rounding=ROUND_UP, context=_EXACT)
    return number


def _parsed(value: object) -> tuple[Decimal, str] | None:
    if isinstance(value, str):
        return _read(value)
    # JSON numbers are taken as they are written.
    return _read(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def parse_quantity(value: object) -> float | None:
    """Return the quantity in its basic unit (cores, bytes, a count), or None when it is not one."""
    read = _parsed(value)
    return float(read[0]) if read else None


def amount(value: object) -> float:
    """Return the quantity, or 0 when it is absent or not a quantity."""
    return parse_quantity(value) or 0.0


def canonical(value: object) -> object:
    """Return a quantity as a server stores it: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``; what is none, unchanged.

    No fraction, and the largest suffix of its kind that leaves none. Source: the quantity page, "canonical form".
    """
    read = _parsed(value)
    if read is None:
        return value
    number, kind = read
    if not number:
        return "0"
    # What has a fraction, or is less than one Ki, is written in powers of ten even when it came in powers of 1024.
    if kind == "binary" and abs(number) >= _BINARY["Ki"] and number == number.to_integral_value():
        unit = next((name for name, factor in reversed(_BINARY.items()) if _EXACT.remainder(number, factor) == 0), "")
        return f"{int(number / _BINARY[unit] if unit else number)}{unit}"
    digits, power = _whole(number)
    # Above E there is no suffix, so the server writes an exponent.
    as_exponent = power != 0 and (kind == "exponent" or power not in _SUFFIX_OF)
    return f"{digits}e{power}" if as_exponent else f"{digits}{_SUFFIX_OF[power]}"


def _whole(number: Decimal) -> tuple[int, int]:
    """Return the number as an integer and the largest power of a thousand that leaves it one."""
    sign, digits, exponent = number.normalize(_EXACT).as_tuple()
    power = int(exponent) // 3 * 3
    return int(Decimal((sign, digits, int(exponent) - power))), power


def cpu_text(cores: float) -> str:
    """Return cores as ``2`` or ``1500m``."""
    millis = round(cores * 1000)
    return f"{millis}m" if millis % 1000 else f"{millis // 1000}"


def bytes_text(size: float) -> str:
    """Return bytes as ``512Mi``, ``1.25Gi`` or ``1023.9Mi``: two decimals below ten, one above, no zero at the end."""
    for unit, factor in reversed(_BINARY.items()):
        count = size / float(factor)
        if abs(count) >= 1:
            written = f"{count:.2f}" if abs(count) < 10 else f"{count:.1f}"
            return f"{written.rstrip('0').rstrip('.')}{unit}"
    return f"{size:.0f}"


def quantity_text(number: float, resource: str) -> str:
    """Return ``number`` of ``resource`` (``cpu``, ``requests.memory``, ``pods`` ...) as a manifest would have it."""
    if resource.endswith("cpu"):
        return cpu_text(number)
    return bytes_text(number) if resource.endswith(("memory", "storage")) else f"{number:g}"


def percent(part: float, whole: float) -> str:
    """Return ``83%``, or ``-`` when the whole is nothing."""
    return f"{100 * part / whole:.0f}%" if whole else "-"
