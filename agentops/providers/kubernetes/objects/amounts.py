"""Kubernetes quantities: ``250m``, ``64Mi``, ``1e3`` as numbers, and numbers as people write them.

Source: apimachinery ``resource.Quantity`` (suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei, decimal exponents).
"""

from __future__ import annotations

import re
from functools import lru_cache

_SUFFIX = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?")


@lru_cache(maxsize=8192)
def _parsed(written: str) -> float | None:
    match = _FORM.fullmatch(written.strip())
    if match is None:
        return None
    return float(match.group(1)) * _SUFFIX[match.group(2) or ""]


def parse_quantity(value: object) -> float | None:
    """Return the quantity in its basic unit (cores, bytes, a count), or None when it is not one."""
    if isinstance(value, str):
        return _parsed(value[:64])
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def amount(value: object) -> float:
    """Return the quantity, or 0 when it is absent or not a quantity."""
    return parse_quantity(value) or 0.0


def show_quantity(number: float, resource: str) -> str:
    """Return ``number`` of ``resource`` (``cpu``, ``memory``, ``pods`` ...) the way a manifest would write it."""
    if resource.endswith("cpu"):
        millis = round(number * 1000)
        return f"{millis // 1000}" if millis % 1000 == 0 else f"{millis}m"
    if resource.endswith(("memory", "storage")):
        for suffix in ("Ti", "Gi", "Mi", "Ki"):
            size = number / _SUFFIX[suffix]
            if abs(size) >= 1:
                return f"{size:.0f}{suffix}" if abs(size - round(size)) < 0.05 else f"{size:.1f}{suffix}"
        return f"{number:.0f}"
    return f"{number:g}"
