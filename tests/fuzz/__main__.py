"""Fuzzes the readers of foreign bytes: ``python -m tests.fuzz [TARGET ...] [--seconds S] [--seed N] [--atheris]``.

By itself it makes inputs from good ones (``mutation``), each target for its share of the time; the same seed gives the
same inputs. With ``--atheris`` one target is driven by coverage (https://github.com/google/atheris) where that is
installed. An input that breaks a law, or takes over 10 s, is kept in ``--keep`` and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS, Target

LONGEST_S = 10


class TooSlow(Exception):
    """One input took longer than ``LONGEST_S``."""


def _alarm(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow(f"over {LONGEST_S} s")


def _attempt(target: Target, data: bytes, keep: Path) -> str:
    """Return what went wrong with one input; empty when nothing did."""
    signal.alarm(LONGEST_S)
    try:
        with tempfile.TemporaryDirectory(prefix="agentops-fuzz-") as folder:
            target.run(data, Path(folder) / "f")
    except Exception as error:  # noqa: BLE001 - whatever a reader raises is what we look for
        signal.alarm(0)
        keep.mkdir(parents=True, exist_ok=True)
        place = keep / f"{target.name.replace(' ', '-')}-{hashlib.sha256(data).hexdigest()[:12]}"
        place.write_bytes(data)
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({where.filename}:{where.lineno}) {place}"
    finally:
        signal.alarm(0)
    return ""


def _plain(target: Target, seconds: float, seed: int, keep: Path) -> tuple[int, set[str]]:
    """Return how many inputs were tried, and what went wrong, each kind once."""
    rng, count, wrong = random.Random(f"{seed}/{target.name}"), 0, {}
    good = target.seeds()
    for data in good:
        message = _attempt(target, data, keep)
        if message:
            wrong[f"a good input: {message}"] = message
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = _attempt(target, mutated(good, rng), keep)
        count += 1
        if message:
            wrong.setdefault(message.rsplit("(", 1)[-1].split(")")[0], message)
    return count, set(wrong.values())


def _with_atheris(target: Target, seconds: float, keep: Path) -> None:
    """Hand one target to atheris; it ends the process itself."""
    import atheris

    def one(data: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="agentops-fuzz-") as folder:
            target.run(data, Path(folder) / "f")

    corpus = Path(tempfile.mkdtemp(prefix="agentops-fuzz-corpus-"))
    # A reader is imported when it is first used, and instrumented then.
    with atheris.instrument_imports(include=["agentops"]):
        for number, data in enumerate(target.seeds()):
            (corpus / str(number)).write_bytes(data)
            one(data)

    keep.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={int(seconds)}", f"-timeout={LONGEST_S}", "-max_len=20000", f"-artifact_prefix={keep}/"]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], one)
    atheris.Fuzz()


def main(arguments: list[str], say: Callable[[str], None]) -> int:
    """Return 1 when an input broke a law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60.0, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "agentops-fuzz-found")
    parser.add_argument("--atheris", action="store_true")
    options = parser.parse_args(arguments)
    chosen = [TARGETS[name] for name in options.targets or TARGETS]
    if options.atheris:
        _with_atheris(chosen[0], options.seconds, options.keep)
    signal.signal(signal.SIGALRM, _alarm)
    bad = False
    for target in chosen:
        count, wrong = _plain(target, options.seconds / len(chosen), options.seed, options.keep)
        say(f"{target.name:18} {count:7,} inputs  {'ok' if not wrong else f'{len(wrong)} broken'}")
        for message in sorted(wrong):
            say(f"    {message}")
        bad = bad or bool(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda line: print(line, flush=True)))  # noqa: T201
