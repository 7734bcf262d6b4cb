"""Measures a detector against the corpus: what it hides, what it eats, how fast it is.

Comes in: a function that makes a detector (text to text). Each text gets a new one, so that nothing learned in one
vector helps with the next.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.redaction.corpus.benign import Ordinary
from tests.redaction.corpus.vectors import Vector

Detector = Callable[[str], str]
MakeDetector = Callable[[], Detector]
_DOCUMENT_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many of so many."""

    found: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.found / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """``strict``: nothing of the secret left. ``partial``: less than half of each piece left, in one run."""

    strict: Rate
    partial: Rate
    by_kind: dict[str, Rate]
    by_carrier: dict[str, Rate]
    missed: tuple[tuple[Vector, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsePositives:
    """``alone``: each text by itself; ``together``: the same texts as lines of documents, line by line."""

    alone: Rate
    together: Rate
    by_kind: dict[str, Rate]
    changed: tuple[tuple[Ordinary, str], ...]


def _rates(outcomes: Iterable[tuple[str, bool]]) -> dict[str, Rate]:
    found: dict[str, list[bool]] = defaultdict(list)
    for name, is_found in outcomes:
        found[name].append(is_found)
    return {name: Rate(found=sum(each), of=len(each)) for name, each in found.items()}


def recall(vectors: list[Vector], make: MakeDetector) -> Recall:
    """Return how many of the vectors' secrets the detector hides."""
    texts = [(vector, make()(vector.text)) for vector in vectors]
    strict = [(vector, vector.is_hidden(text)) for vector, text in texts]
    partial = sum(
        hidden or vector.longest_left(text) < 0.5 for (vector, hidden), (_, text) in zip(strict, texts, strict=True)
    )
    return Recall(
        strict=Rate(found=sum(hidden for _, hidden in strict), of=len(vectors)),
        partial=Rate(found=partial, of=len(vectors)),
        by_kind=_rates((vector.kind, hidden) for vector, hidden in strict),
        by_carrier=_rates((vector.carrier, hidden) for vector, hidden in strict),
        missed=tuple(pair for pair, (_, hidden) in zip(texts, strict, strict=True) if not hidden),
    )


def false_positives(lines: list[Ordinary], make: MakeDetector) -> FalsePositives:
    """Return how many ordinary texts the detector changes."""
    texts = [(line, make()(line.text)) for line in lines]
    return FalsePositives(
        alone=Rate(found=sum(line.text != text for line, text in texts), of=len(texts)),
        together=_together(lines, make),
        by_kind=_rates((line.kind, line.text != text) for line, text in texts),
        changed=tuple((line, text) for line, text in texts if line.text != text),
    )


def _together(lines: list[Ordinary], make: MakeDetector) -> Rate:
    """Feed the lines as mixed documents; one that comes back with another number of lines counts as changed whole."""
    mixed = [line for one in lines for line in one.text.split("\n")]
    random.Random(7).shuffle(mixed)
    changed = 0
    for start in range(0, len(mixed), _DOCUMENT_LINES):
        before = mixed[start : start + _DOCUMENT_LINES]
        after = make()("\n".join(before)).split("\n")
        changed += len(before) if len(after) != len(before) else sum(a != b for a, b in zip(before, after, strict=True))
    return Rate(found=changed, of=len(mixed))


def dense_text(lines: list[Ordinary], size_bytes: int) -> str:
    """Return Kubernetes text of about ``size_bytes``: manifests, describes and logs, names of secrets everywhere."""
    rng = random.Random(11)
    pieces: list[str] = []
    size = 0
    while size < size_bytes:
        piece = (
            _MANIFEST.replace("NAME", rng.choice(("checkout", "billing", "mailer")))
            if rng.random() < 0.1
            else rng.choice(lines).text
        )
        pieces.append(piece)
        size += len(piece) + 1
    return "\n".join(pieces)


_MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  uid: 7c2f1a6e-0d0c-4c56-9a39-0a1f3a6f1f55
spec:
  template:
    metadata:
      annotations:
        checksum/secret: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    spec:
      containers:
      - name: NAME
        image: r.example.com/NAME@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        args: ["--port=8080", "--token-file=/var/run/token"]
        env:
        - name: DB_PASSWORD
          valueFrom:
            secretKeyRef: {name: NAME-db, key: password}
        - name: TOKEN_TTL
          value: "3600"
      volumes:
      - name: tls
        secret:
          secretName: NAME-tls"""


def megabytes_a_second(text: str, make: MakeDetector) -> float:
    """Return the speed over one text in CPU time, the best of three."""
    best = float("inf")
    for _ in range(3):
        detect = make()
        began = time.process_time()
        detect(text)
        best = min(best, time.process_time() - began)
    return len(text) / 1e6 / best


def milliseconds(text: str, make: MakeDetector, *, size_bytes: int = 8192) -> float:
    """Return the median CPU time of ``size_bytes`` of the text, over up to 60 places of it."""
    detect = make()
    times: list[float] = []
    for number in range(min(60, max(1, len(text) // size_bytes))):
        piece = text[number * size_bytes : (number + 1) * size_bytes]
        began = time.process_time()
        detect(piece)
        times.append((time.process_time() - began) * 1000)
    return sorted(times)[len(times) // 2]
