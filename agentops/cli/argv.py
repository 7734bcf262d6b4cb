"""The command line's words, put in the order that the parser expects; pure text, no imports of weight.

Two conveniences live here. Global options may stand before or behind the command (``agentops --output json triage``).
And ``--sandbox`` may stand alone, with ``=SCENARIO``, or with the name of a shipped scenario as the next word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

_WITH_VALUE = ("--context", "--namespace", "-n", "--kubeconfig", "--output", "-o")
_TWO_WORDS = (("history", "prune"), ("approvals", "serve"))
"""Commands below one that is a command itself."""
_FLAGS = ("--no-input", "-v", "-vv", "--verbose")


def arrange(words: Sequence[str], scenarios: Callable[[], Collection[str]]) -> list[str]:
    """Return ``words`` with leading global options moved behind the command, and ``--sandbox`` given a value.

    ``history prune`` becomes one word: the parser knows no command below one that does something itself.

    Arguments:
        words: the words after the program's name.
        scenarios: returns the names of the shipped scenarios; called only when it matters.
    """
    rest = _settle_sandbox(words, scenarios)
    moved: list[str] = []
    while rest and (taken := _global_length(rest)):
        moved += rest[:taken]
        rest = rest[taken:]
    if tuple(rest[:2]) in _TWO_WORDS:
        rest[:2] = [" ".join(rest[:2])]
    cut = rest.index("--") if "--" in rest else len(rest)
    return rest[:cut] + moved + rest[cut:]


def _settle_sandbox(words: Sequence[str], scenarios: Callable[[], Collection[str]]) -> list[str]:
    """Return ``words`` with a bare ``--sandbox`` as ``--sandbox=`` or, before a scenario's name, ``--sandbox=NAME``."""
    settled: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            return [*settled, word, *queue]
        if word == "--sandbox":
            named = bool(queue) and not queue[0].startswith("-") and queue[0] in scenarios()
            word = f"--sandbox={queue.pop(0) if named else ''}"
        settled.append(word)
    return settled


def _global_length(words: Sequence[str]) -> int:
    """Return how many words the global option at the front takes; 0 when there is none."""
    head = words[0]
    if head in _WITH_VALUE:
        return min(2, len(words))
    with_equals = tuple(name + "=" for name in (*_WITH_VALUE, "--sandbox") if name.startswith("--"))
    return 1 if head in _FLAGS or head.startswith(with_equals) else 0
