"""Where in the text of a policy file each policy and each mistake stands: the engine itself reports no positions.

Comes in: Cedar text, what the engine says of it. Goes out: offsets into the text. The text is cut into tokens and
policies here; whether a piece of it can be parsed is always the engine's answer: no second grammar decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agentops.policy.engine import EngineError

# As the engine cuts a text: a comment ends at either end of a line, and what a backslash stands before is on its line.
_TOKEN = re.compile(
    r"""(?P<skipped>\s+|//[^\n\r]*)|"(?:\\[^\n]|[^"\\])*"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+"""
    r"""|&&|\|\||==|!=|<=|>=|::|.""",
    re.DOTALL,
)
_QUOTED = re.compile(r"`([^`]+)`")
_UNFINISHED = "end of input"
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text: its characters and where they begin."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What the engine says of a text, and the offset it is about."""

    said: str
    offset: int


Statement = tuple[Token, ...]


def statements(text: str) -> tuple[Statement, ...]:
    """Return the tokens of each policy in ``text``, in order; a last one that is not finished is one too."""
    found: list[Statement] = []
    current: list[Token] = []
    for match in _TOKEN.finditer(text):
        if match["skipped"] is not None:
            continue
        current.append(Token(match[0], match.start()))
        if match[0] == ";":
            found.append(tuple(current))
            current = []
    return (*found, tuple(current)) if current else tuple(found)


def syntax_mistake(text: str, parse: Callable[[str], object]) -> Mistake | None:
    """Return the first mistake of a text that the engine cannot parse; None where each policy alone can be parsed.

    Arguments:
        parse: the engine's parser; raises ``EngineError``.
    """
    for statement in statements(text):
        said = _complaint(text, statement, len(statement), parse)
        if said is not None:
            return Mistake(said, _offset(text, statement, said, parse))
    return None


def mentioned(statement: Statement, complaint: str) -> int | None:
    """Return where the thing that ``complaint`` quotes stands in a policy; None where it is not found."""
    for quoted in _QUOTED.findall(complaint):
        found = _occurrences(statement, quoted)
        if found:
            return _access(statement, found, "optional attribute" in complaint)
    return None


def phrase(statement: Statement, text: str) -> int:
    """Return where ``text`` stands in a policy, brackets aside: the engine's form has fewer or more of them."""
    bare = tuple(token for token in statement if token.text not in "()")
    found = _occurrences(bare, text.replace("(", " ").replace(")", " "))
    return bare[found[0]].start if found else beginning(statement)


def beginning(statement: Statement) -> int:
    """Return where a policy begins."""
    return statement[0].start if statement else 0


def annotation(statement: Statement, name: str) -> int:
    """Return where the annotation ``@name`` stands in a policy; the policy's beginning where there is none."""
    found = _occurrences(statement, f"@{name}")
    return statement[found[0]].start if found else beginning(statement)


def _complaint(text: str, statement: Statement, length: int, parse: Callable[[str], object]) -> str | None:
    """Return what the engine says of a policy's first tokens; None where it takes them."""
    try:
        parse(text[statement[0].start : statement[length - 1].end])
    except EngineError as error:
        return str(error)
    return None


def _offset(text: str, statement: Statement, said: str, parse: Callable[[str], object]) -> int:
    """Return where a policy's mistake is: at the first token after which the text cannot be completed any more."""
    if _UNFINISHED in said:
        return statement[-1].end
    if "token" not in said:
        # The grammar holds; what is wrong is what the engine names.
        return _named(statement, said)
    low, high = 1, len(statement)
    while low < high:
        middle = (low + high) // 2
        begun = _complaint(text, statement, middle, parse)
        if begun is None or _UNFINISHED in begun:
            low = middle + 1
        else:
            high = middle
    # The engine may take one token more before it complains, and then names the one before.
    named = _QUOTED.findall(said)[:1] or [statement[low - 1].text]
    at = next((at for at in range(low - 1, -1, -1) if statement[at].text == named[0]), low - 1)
    return statement[at].start


def _named(statement: Statement, said: str) -> int:
    if "integer" in said:
        return next(
            (t.start for t in statement if t.text.isdigit() and len(t.text) > _LONGEST_NUMBER), beginning(statement)
        )
    for name in (*_QUOTED.findall(said), said.rpartition(": ")[2]):
        if found := _occurrences(statement, name):
            return statement[found[-1] if said.startswith("duplicate") else found[0]].start
    return beginning(statement)


def _occurrences(statement: Statement, wanted: str) -> list[int]:
    """Return the positions in a policy at which the tokens of ``wanted`` begin."""
    sought = [token.text for tokens in statements(wanted) for token in tokens]
    texts = [token.text for token in statement]
    if not sought:
        return []
    return [at for at in range(len(texts) - len(sought) + 1) if texts[at : at + len(sought)] == sought]


def _access(statement: Statement, found: list[int], optional: bool) -> int:
    """Return the use that is meant: for an optional attribute the first that no ``has`` stands before."""
    if optional:
        uses = [at for at in found if at and statement[at - 1].text == "."]
        asked = [at for at in found if at and statement[at - 1].text == "has"]
        found = [at for at in uses if not any(early < at for early in asked)] or uses or found
    return statement[found[0]].start
