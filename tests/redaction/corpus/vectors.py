"""The vectors: each kind of credential in the carriers that bring it, made from a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.redaction.corpus.carriers import BARE, CARRIERS, Carrier, fits
from tests.redaction.corpus.making import filled, made
from tests.redaction.corpus.names import named
from tests.redaction.corpus.shapes import shapes
from tests.redaction.corpus.structures import STRUCTURES
from tests.redaction.corpus.systems import SYSTEMS

SEED = 20261129
_STRUCTURES_EACH = 12
# A kind goes through five of seven carriers; which ones moves on with each kind, so each carrier sees all sorts.
_OF, _LEFT_OUT = 7, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A text with a credential. ``pieces`` are its secret parts as the text has them."""

    kind: str
    carrier: str
    text: str
    pieces: tuple[str, ...]

    def longest_left(self, text: str) -> float:
        """Return which part of a secret piece can still be read in ``text``, at most: 1 when one stands there whole."""
        return max((_longest(piece, text) / len(piece) for piece in self.pieces), default=0.0)

    def is_hidden(self, text: str) -> bool:
        """Return whether nothing of the secret is left: no run of eight of its characters (the whole, when shorter)."""
        return not any(
            piece[at : at + 8] in text
            for piece in self.pieces
            for at in range(max(1, len(piece) - 7))
            if len(piece) >= 4
        )


def _longest(piece: str, text: str) -> int:
    best = 0
    for start in range(len(piece)):
        while start + best < len(piece) and piece[start : start + best + 1] in text:
            best += 1
    return best


def _through(rows: list[tuple[str, str, str]], carriers: tuple[Carrier, ...], rng: random.Random) -> Iterator[Vector]:
    for number, (kind, variable, form) in enumerate(rows):
        for place, carrier in enumerate(carriers):
            value = made(form, rng)
            left_out = (number + place) % _OF < _LEFT_OUT and carrier is not BARE
            if left_out or not fits(carrier, value):
                continue
            text, pieces = carrier.text(variable, value, rng)
            yield Vector(kind=kind, carrier=carrier.name, text=text, pieces=pieces)


def vectors(seed: int = SEED) -> list[Vector]:
    """Return all vectors; the same seed gives the same ones."""
    rng = random.Random(seed)
    found = [*_through(shapes(), (BARE, *CARRIERS), rng), *_through(named(), CARRIERS, rng)]
    for kind, texts in {**STRUCTURES, **SYSTEMS}.items():
        for number in range(_STRUCTURES_EACH):
            one = filled(texts[number % len(texts)], rng)
            found.append(Vector(kind=kind, carrier="its own form", text=one.text, pieces=one.pieces))
    return found
