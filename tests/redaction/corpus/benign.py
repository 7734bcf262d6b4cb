"""Ordinary lines, made from a fixed seed: none holds a secret, so none may be changed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.redaction.corpus.benign_cluster import CLUSTER
from tests.redaction.corpus.benign_programs import PROGRAMS
from tests.redaction.corpus.benign_systems import SETTINGS
from tests.redaction.corpus.making import filled

SEED = 20261130
_EACH, _TRIES = 240, 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinary:
    """A text of one line, or of a few that belong together."""

    kind: str
    text: str


def ordinary(seed: int = SEED) -> list[Ordinary]:
    """Return over 10,000 texts, each another one; the same seed gives the same ones."""
    rng = random.Random(seed)
    found: dict[Ordinary, None] = {}
    for kind, templates in {**CLUSTER, **PROGRAMS, **SETTINGS}.items():
        made: dict[Ordinary, None] = {}
        for number in range(_TRIES):
            made[Ordinary(kind=kind, text=filled(templates[number % len(templates)], rng).text)] = None
        found |= dict.fromkeys(list(made)[:_EACH])
    return list(found)
