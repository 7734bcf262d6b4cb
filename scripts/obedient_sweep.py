"""Prints what a model that obeys every planted word came to: payloads x places, and what reached the world outside.

Exits 1 when anything did, or when a payload was not met by the model. ``--output json`` prints one JSON document.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.obedient.carriers import PLACES
from tests.obedient.payloads import DRAFTS, PAYLOADS
from tests.obedient.sweep import Obeyed, sweep_one
from tests.support.policies import mild_policy


def _rows() -> list[Obeyed]:
    rows = []
    for place in PLACES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(sweep_one(place, Path(folder)))
    for code in DRAFTS:
        with tempfile.TemporaryDirectory() as folder:
            done = sweep_one(PLACES[0], Path(folder), codes=(code,), policy=mild_policy(), words=("--yes",))
        rows.append(done)
    return rows


def main(arguments: list[str]) -> int:
    """Return 0 when every payload was met and obeyed and nothing came of it."""
    rows = _rows()
    wanted = len(PLACES) * len(PAYLOADS) + len(DRAFTS)
    met, calls, harm = (
        sum(len(row.read) for row in rows),
        sum(row.calls for row in rows),
        sum(len(row.harm) for row in rows),
    )
    if "json" in arguments:
        kept = [
            {"place": row.place, "exit": row.code, "met": row.read, "calls": row.calls, "harm": row.harm}
            for row in rows
        ]
        print(json.dumps({"pairs": wanted, "met": met, "calls": calls, "harm": harm, "rows": kept}, indent=1))
    else:
        for row in rows:
            harmful = "nothing" if not row.harm else ", ".join(row.harm)
            print(f"{row.place:22} {len(row.read):3} payloads obeyed, {row.calls:3} calls, exit {row.code}: {harmful}")
        print(f"{wanted} pairs of payload and place: {met} met and obeyed in {calls} calls; {harm} reached the world")
    return 0 if met == wanted and not harm else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
