"""Rules of the house that no type checker sees: start-up stays light, generated files are fresh."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentops.providers.kubernetes.objects.kinds import BUILTIN

ROOT = Path(__file__).resolve().parent.parent
_SDKS = {
    "anthropic",
    "boto3",
    "botocore",
    "cronsim",
    "cryptography",
    "jsonschema",
    "kubernetes",
    "mcp",
    "pydantic",
    "re2",
    "rich",
    "typer",
    "yaml",
}
_HEAVY = {
    "anthropic",
    "boto3",
    "botocore",
    "cryptography",
    "httpx2",
    "jsonschema",
    "kubernetes",
    "mcp",
    "cronsim",
    "re2",
}

_PROBE = """
import io, json, sys
sys.argv = ["agentops", *{words!r}]
sys.stdout, out = io.StringIO(), sys.stdout
sys.stderr = io.StringIO()
from agentops.__main__ import main
try:
    code = main()
except SystemExit as stop:
    code = stop.code
out.write(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def _imported(words: list[str], home: Path) -> tuple[int, set[str]]:
    program = _PROBE.format(words=words)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"AGENTOPS_HOME": str(home), "PATH": "/usr/bin:/bin"},
    )
    code, names = json.loads(done.stdout)
    return code, set(names)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["-h"], ["-V"]])
def test_help_and_version_import_nothing_of_weight(words: list[str], tmp_path: Path) -> None:
    """The two fastest answers load neither an SDK nor the terminal libraries."""
    code, names = _imported(words, tmp_path)
    assert (code, names & _SDKS) == (0, set())


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["completion", "zsh"], set()),
        (["__complete", "inv"], set()),
        (["__complete", "show", ""], set()),
        (["__complete", "rollback", ""], set()),
        (["__complete", "triage", "--context", ""], {"yaml"}),
        (["__complete", "triage", "-n", ""], {"yaml"}),
    ],
)
def test_a_word_is_completed_without_anything_of_weight(words: list[str], needed: set[str], tmp_path: Path) -> None:
    """At each TAB a process starts: it loads no SDK and no terminal library, and YAML only to read a kubeconfig."""
    code, names = _imported(words, tmp_path)
    # Without a kubeconfig there is nothing to read YAML for.
    assert (code, names & _SDKS - needed) == (0, set())


@pytest.mark.parametrize("words", [["history"], ["audit", "verify"], ["investigate", "--help"], ["tools", "list"]])
def test_commands_that_touch_no_cluster_load_no_sdk(words: list[str], tmp_path: Path) -> None:
    """What needs no SDK does not pay for one."""
    code, names = _imported(words, tmp_path)
    assert (code, names & _HEAVY) == (0, set())


def test_generated_files_are_fresh() -> None:
    """The static help text and the table of completion are what the command tree says today."""
    done = subprocess.run(
        [sys.executable, "scripts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_neutral_rooms_name_no_kind_of_any_provider() -> None:
    """The guard, the use cases, the ranking and the pages work for every provider: they name no kind of Kubernetes."""
    kinds = {kind.kind for kind in BUILTIN} | {"k8s", "pod", "pods"}
    word = re.compile(rf"\b({'|'.join(sorted(kinds))})\b")
    rooms = ("guard", "app", "triage", "cli/views")
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for room in rooms
        for path in sorted((ROOT / "agentops" / room).rglob("*.py"))
        # The timeline reads records of plans up to version 2, which counted pods.
        if path.name != "timeline.py"
        for line, text in _texts(ast.parse(path.read_text()))
        if word.search(text)
    ]
    assert found == []


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that are no docstrings, each with its line."""
    said = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def test_each_name_of_a_type_means_one_thing() -> None:
    """A class name is defined once in the package; an alias may stand in two rooms, but with one meaning only."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((ROOT / "agentops").rglob("*.py")):
        for name, meaning in _types(ast.parse(path.read_text())):
            found.setdefault(name, []).append((str(path.relative_to(ROOT)), meaning))
    classes = {name: places for name, places in found.items() if any(not meaning for _, meaning in places)}
    aliases = {name: places for name, places in found.items() if name not in classes}
    assert {name: places for name, places in classes.items() if len(places) > 1} == {}
    assert {name: places for name, places in aliases.items() if len({meaning for _, meaning in places}) > 1} == {}


def _types(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the name of each class and alias of a type, with what an alias stands for; of a class that is empty."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, ""
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias" and node.value:
            yield ast.unparse(node.target), ast.unparse(node.value)
