"""What a turn cost, from the dated list in ``prices.json``.

Comes in: a model id and token counts. Goes out: US dollars, or None when no price is known; a guess would be worse, as
a budget would rest on it. The list is the Anthropic API's own; clouds and local endpoints have other prices.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

from agentops.core.usage import Usage

_DATED = re.compile(r"-\d{8}$")
_MILLION = 1_000_000


@cache
def price_list() -> dict[str, Any]:
    """Return the list as it stands in the file: ``as_of``, ``unit`` and ``models``."""
    from importlib.resources import files

    loaded: dict[str, Any] = json.loads(
        files("agentops.agent.models").joinpath("prices.json").read_text(encoding="utf-8")
    )
    return loaded


def priced(usage: Usage, model: str) -> Usage:
    """Return ``usage`` with its cost at list price; with None for a model that is not on the list."""
    price = price_list()["models"].get(_DATED.sub("", model))
    if price is None:
        return replace(usage, cost_usd=None)
    cost = (
        usage.input_tokens * price["input"]
        + usage.output_tokens * price["output"]
        + usage.cache_write_tokens * price["cache_write"]
        + usage.cache_read_tokens * price["cache_read"]
    ) / _MILLION
    return replace(usage, cost_usd=cost)
