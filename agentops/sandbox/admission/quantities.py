"""Quantities as the API server stores them: ``0.5`` is ``500m``, ``1024Ki`` is ``1Mi``.

Comes in: what was written. Goes out: its canonical form; what is no quantity comes back as it is. Must never: change
the amount.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal
from functools import lru_cache

_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


@lru_cache(maxsize=4096)
def canonical(written: str | int | float) -> str:
    """Return a quantity in its canonical form: no fraction, and the largest unit that allows for it."""
    match = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+))([A-Za-z]*)", str(written))
    if match is None or match[2] not in {**_DECIMAL, **_BINARY}:
        return str(written)
    number, unit = Decimal(match[1]), match[2]
    if unit in _BINARY:
        amount = number * 1024 ** _BINARY[unit]
        if abs(amount) >= 1024 and amount == amount.to_integral_value():
            return _in_units(amount, Decimal(1024), {"": 0, **_BINARY})
    else:
        amount = number * Decimal(1000) ** _DECIMAL[unit]
    smallest = amount.quantize(Decimal("1e-9"), rounding=ROUND_UP)
    return _in_units(smallest, Decimal(1000), _DECIMAL)


def _in_units(amount: Decimal, step: Decimal, units: dict[str, int]) -> str:
    if amount == 0:
        return "0"
    for unit, power in sorted(units.items(), key=lambda one: -one[1]):
        count = amount / step**power
        if count == count.to_integral_value():
            return f"{int(count)}{unit}"
    return str(amount)
