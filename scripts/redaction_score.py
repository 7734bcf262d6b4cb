"""Scores the redactor against the corpus of tests/redaction/corpus: what it hides, what it eats, how fast it is.

``--misses N`` and ``--changed N`` show so many examples; ``--worst`` adds the texts that are made to be slow, each in a
process of its own that is ended after ``--limit`` seconds; ``--output json`` prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from agentops.redaction.redactor import SecretRedactor
from tests.redaction.corpus import measure
from tests.redaction.corpus.benign import Ordinary, ordinary
from tests.redaction.corpus.vectors import Vector, vectors
from tests.redaction.corpus.worst_cases import WORST_CASES


def _make() -> Callable[[str], str]:
    return SecretRedactor().text


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", choices=("text", "json"), default="text")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show N secrets that were not hidden whole")
    parser.add_argument("--changed", type=int, default=0, metavar="N", help="show N ordinary texts that were changed")
    parser.add_argument("--only", default="", metavar="WORD", help="of kinds and carriers whose name holds WORD")
    parser.add_argument("--worst", action="store_true", help="measure the texts that are made to be slow, too")
    parser.add_argument("--limit", type=float, default=30.0, metavar="SECONDS", help="for one such text")
    parser.add_argument("--one", nargs=2, metavar=("CASE", "BYTES"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _timed(case: str, size: int) -> float:
    text = WORST_CASES[case][1](size)
    detect = _make()
    detect("password=warm-up-1")
    began = time.process_time()
    detect(text)
    return time.process_time() - began


def _in_process(case: str, size: int, limit_s: float) -> float | None:
    """Return the CPU seconds of one text in a process of its own; nothing when it was ended at the limit."""
    words = [sys.executable, __file__, "--one", case, str(size)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=limit_s + 5)
    except subprocess.TimeoutExpired:
        return None
    return float(done.stdout)


def _worst(limit_s: float) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for case, (size, _make_text) in WORST_CASES.items():
        half, whole = _in_process(case, size // 2, limit_s), _in_process(case, size, limit_s)
        # Below 20 ms the clock's noise decides.
        growth = round(whole / half, 2) if half and whole and whole > 0.02 else None
        found[case] = {"bytes": size, "seconds": whole, "growth_on_doubling": growth}
    return found


def score(found: list[Vector], lines: list[Ordinary], *, worst_limit_s: float | None = None) -> dict[str, Any]:
    """Return all figures as one JSON value, with the examples under ``_missed`` and ``_changed``."""
    recall, eaten = measure.recall(found, _make), measure.false_positives(lines, _make)
    text = measure.dense_text(lines, 2_000_000)
    figures: dict[str, Any] = {
        "vectors": len(found),
        "kinds": len(recall.by_kind),
        "recall_strict": recall.strict.share,
        "recall_partial": recall.partial.share,
        "by_carrier": {name: rate.share for name, rate in recall.by_carrier.items()},
        "by_kind": {name: rate.share for name, rate in recall.by_kind.items()},
        "ordinary": len(lines),
        "ordinary_kinds": len(eaten.by_kind),
        "false_positives": eaten.alone.share,
        "false_positives_in_documents": eaten.together.share,
        "false_positives_by_kind": {name: rate.share for name, rate in eaten.by_kind.items()},
        "megabytes_a_second": measure.megabytes_a_second(text, _make),
        "milliseconds_for_8_kb": measure.milliseconds(text, _make),
        "_missed": recall.missed,
        "_changed": eaten.changed,
    }
    if worst_limit_s is not None:
        figures["worst"] = _worst(worst_limit_s)
    return figures


def _page(figures: dict[str, Any], options: argparse.Namespace) -> str:
    kinds = sorted((share, name) for name, share in figures["by_kind"].items() if share < 1)
    eaten = sorted(((share, name) for name, share in figures["false_positives_by_kind"].items() if share), reverse=True)
    lines = [
        f"{figures['vectors']:,} vectors of {figures['kinds']} kinds: {figures['recall_strict']:.2%} hidden whole, "
        f"{figures['recall_partial']:.2%} at least half",
        *(f"  {name:22} {share:7.1%}" for name, share in sorted(figures["by_carrier"].items(), key=lambda row: row[1])),
        f"kinds below 100 %: {len(kinds)}",
        *(f"  {name:28} {share:7.1%}" for share, name in kinds),
        f"{figures['ordinary']:,} ordinary texts of {figures['ordinary_kinds']} kinds: "
        f"{figures['false_positives']:.2%} changed alone, "
        f"{figures['false_positives_in_documents']:.2%} of the lines in documents",
        *(f"  {name:30} {share:7.1%}" for share, name in eaten),
        f"{figures['megabytes_a_second']:.2f} MB a second of CPU on dense text, "
        f"{figures['milliseconds_for_8_kb']:.2f} ms for 8 KB",
    ]
    for case, row in figures.get("worst", {}).items():
        seconds = f"over {options.limit:.0f} s" if row["seconds"] is None else f"{row['seconds']:.3f} s"
        growth = "" if row["growth_on_doubling"] is None else f"  x{row['growth_on_doubling']} on doubling"
        lines.append(f"  {case:28} {row['bytes'] / 1000:6.0f} KB  {seconds}{growth}")
    rng = random.Random(1)
    for title, examples, count in (
        ("missed", figures["_missed"], options.misses),
        ("changed", figures["_changed"], options.changed),
    ):
        for one, text in rng.sample(examples, min(count, len(examples))):
            place = one.carrier + ", " if isinstance(one, Vector) else ""
            lines.append(f"{title}: {place}{one.kind}\n    {one.text!r}\n    {text!r}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the figures."""
    options = _options(arguments)
    if options.one:
        print(_timed(options.one[0], int(options.one[1])))
        return 0
    found = [one for one in vectors() if options.only in f"{one.kind} {one.carrier}"]
    lines = [one for one in ordinary() if options.only in one.kind] or ordinary()
    figures = score(found, lines, worst_limit_s=options.limit if options.worst else None)
    if options.output == "json":
        print(json.dumps({name: value for name, value in figures.items() if not name.startswith("_")}, indent=1))
    else:
        print(_page(figures, options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
