"""Kubernetes quantities: ``250m``, ``128Mi``, ``1e3``, as numbers and back as short text.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


_EXACT_BINARY = {"": Decimal(1), **{name: Decimal(factor) for name, factor in _BINARY.items()}}
_EXACT_DECIMAL = {
    name: Decimal(10) ** power
    for name, power in zip(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), range(-9, 19, 3), strict=True)
}


def amount(text: Any) -> float | None:
    """Return the number of a quantity, or None when it is none."""
    value = str(text).strip()
    factor = 1.0
    if value[-2:] in _BINARY:
        value, factor = value[:-2], float(_BINARY[value[-2:]])
    elif value[-1:] in _DECIMAL:
        value, factor = value[:-1], _DECIMAL[value[-1:]]
    try:
        return float(value) * factor
    except ValueError:
        return None


def canonical(text: Any) -> Any:
    """Return a quantity as a server stores it: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``; what is none, unchanged.

    No fraction, and the largest suffix of its kind that leaves none. Source: the quantity page, "canonical form".
    """
    value = str(text).strip()
    suffix = value[-2:] if value[-2:] in _BINARY else value[-1:] if value[-1:] in _DECIMAL else ""
    factors = _EXACT_BINARY if suffix in _BINARY else _EXACT_DECIMAL
    try:
        number = Decimal(value.removesuffix(suffix)) * factors[suffix]
    except InvalidOperation:
        return text
    if isinstance(text, bool) or not number.is_finite() or "e" in value.lower().removesuffix(suffix.lower()):
        return text
    for name, factor in reversed(factors.items()):
        if number and number % factor == 0:
            return f"{int(number / factor)}{name}"
    return text if number else "0"


def cpu_text(cores: float) -> str:
    """Return cores as ``1.5`` or ``250m``."""
    return f"{cores:g}" if cores >= 10 or cores == int(cores) else f"{round(cores * 1000)}m"


def bytes_text(size: float) -> str:
    """Return bytes as ``512Mi`` or ``1.5Gi``."""
    for unit in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
        if size >= _BINARY[unit]:
            return (
                f"{size / _BINARY[unit]:.3g}{unit}"
                if size < 1000 * _BINARY[unit]
                else f"{size / _BINARY[unit]:.0f}{unit}"
            )
    return f"{size:.0f}"


def percent(part: float, whole: float) -> str:
    """Return ``83%``, or ``-`` when the whole is nothing."""
    return f"{100 * part / whole:.0f}%" if whole else "-"
