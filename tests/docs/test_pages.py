"""What README and the pages of docs say exists: commands and their options, files, pictures, figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from agentops.cli.app import build

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(DOCS.glob("*.md")),
]
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(agentops\s[^`]+)`")
_COMMAND = re.compile(r"(?:^|[$(|;&]|bin/)\s*agentops ([^\n|;&)#>`]*)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
# A word that stands for a command or an option, and is none: agentops COMMAND, agentops X --help.
_PLACEHOLDER = re.compile(r"[A-Z.…]+")
# Texts that are signed or hashed, and begin as a command line does.
_NOT_TYPED = (["key", "handover"], ["fingerprint", "key", "id"])
IDS = [path.name for path in PAGES]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command line of a page: in its code blocks and in its inline code."""
    blocks = [block.replace("\\\n", " ") for block in _FENCE.findall(text)]
    prose = _FENCE.sub("", text)
    for line in (line for block in blocks for line in block.splitlines()):
        yield from (found.split() for found in _COMMAND.findall(line))
    for found in _INLINE.findall(prose):
        yield _COMMAND.findall(" ".join(found.split()))[0].split()


def complaint(tree: Any, words: list[str]) -> str:
    """Return what is wrong with a command line; empty where the command and each of its options exist."""
    command, rest = tree, [word.strip("'\"`.,:") for word in words if word != "help"]
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        two, one = " ".join(rest[:2]), rest[0]
        taken = 2 if two in command.commands else 1
        if _PLACEHOLDER.fullmatch(one):
            return ""
        if (name := two if taken == 2 else one) not in command.commands:
            return f"there is no command {' '.join(words)!r}"
        command, rest = command.commands[name], rest[taken:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    given = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    unknown = [name for name in given if name not in known | {"--help", "-h"}]
    return f"{' '.join(words)!r} has no option {unknown[0]}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    """A page that names an option which is gone, or never was, misleads whoever types it."""
    tree = get_command(build())
    found = {complaint(tree, words) for words in commands(page.read_text("utf-8")) if words not in _NOT_TYPED}
    assert found - {""} == set()


def test_a_command_that_does_not_exist_is_found() -> None:
    """The check above can fail: of a command, an option, in a block and in a sentence, over two lines too."""
    tree = get_command(build())
    text = "Try `agentops\nfixx` or `agentops fix --now`.\n```sh\nX=$(agentops audit show) | agentops show -q\n```\n"
    assert [complaint(tree, words) for words in commands(text)] == [
        "there is no command 'audit show'",
        "'show -q' has no option -q",
        "there is no command 'fixx'",
        "'fix --now' has no option --now",
    ]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_file_that_a_page_links_to_exists(page: Path) -> None:
    """Pages, pictures, examples; other sites are not asked."""
    targets = [target for target in _LINK.findall(page.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_list_of_pages() -> None:
    """docs/README.md has the order to read them in; a page that it leaves out is not found."""
    listed = set(_LINK.findall((DOCS / "README.md").read_text("utf-8")))
    assert {path.name for path in DOCS.glob("*.md")} - listed - {"README.md"} == set()


def test_every_picture_is_on_a_page() -> None:
    """A picture that no page shows is not looked after."""
    linked = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in _LINK.findall(page.read_text("utf-8"))
        if "://" not in target
    }
    assert [path.name for path in sorted(DOCS.glob("images/**/*.svg")) if path.resolve() not in linked] == []


def _capture() -> Any:
    import importlib.util

    spec = importlib.util.spec_from_file_location("capture", ROOT / "scripts" / "capture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["capture"] = module
    spec.loader.exec_module(module)
    return module


def test_the_figures_are_those_of_the_pictures() -> None:
    """The table of docs/terminal.md is what was measured with the pictures, and each flow has its pictures."""
    capture = _capture()
    page = (DOCS / "terminal.md").read_text("utf-8")
    assert page.split("<!-- figures -->\n")[1].split("<!-- end")[0] == capture.figures_table(DOCS / "images")
    taken = set(json.loads((DOCS / "images" / "figures.json").read_text("utf-8")))
    assert taken == {f"{flow}-{size}" for flow in capture.FLOWS for size in ("80x24", "120x40", "50x24")}
    assert {path.stem for path in (DOCS / "images").glob("*.svg")} >= taken


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is the terminal")
def test_a_picture_is_taken_of_a_real_run(tmp_path: Path) -> None:
    """The first flow, in a narrow terminal: its picture and its figures."""
    command = [sys.executable, str(ROOT / "scripts" / "capture.py"), "flows", "--into", str(tmp_path)]
    words = [
        "--sizes",
        "50x24",
        "--until",
        "investigate",
        "--home",
        str(tmp_path / "home"),
        "--program",
        _program(tmp_path),
    ]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    picture = (tmp_path / "investigate-50x24.svg").read_text("utf-8")
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))["investigate-50x24"]
    assert (picture.startswith("<svg"), "ImageNotFound" in picture, "http://www.w3.org" in picture) == (
        True,
        True,
        True,
    )
    assert figures["lines"] > 24


def _program(folder: Path) -> str:
    path = folder / "agentops"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m agentops "$@"\n')
    path.chmod(0o755)
    return str(path)
