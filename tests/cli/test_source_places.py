"""A mistake in a file that a person wrote is shown with its line, its column, the line itself and a caret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
_ALL = 'permit (principal, action in Ops::Action::"mutate", resource)'
_HEAD = f'@id("ok") {_ALL};\n// a comment with "one quote\n@id("mine")\n'
CEDAR = [
    (f"{_ALL}\nwhen {{ context has risk &&  }};", 5, "}", "not valid Cedar: unexpected token `}`"),
    (f'{_ALL} when {{ "open }};', 4, '"open', "not valid Cedar: a text in quotation marks does not end"),
    (f'{_ALL}\n@id("next") {_ALL};', 5, '@id("next")', "not valid Cedar: unexpected token `@`"),
    ("permit (somebody, action, resource);", 4, "somebody", "not valid Cedar: found an invalid variable"),
    (f"{_ALL} when {{ today() }};", 4, "today", "not valid Cedar: `today` is not a valid function"),
    (f'@id("again") {_ALL};', 4, "@id", "not valid Cedar: duplicate annotation"),
    (f"{_ALL} when {{ context.maxPct < 99999999999999999999 }};", 4, "9999", "not valid Cedar: integer parse error"),
    (f"{_ALL[:-1]}", 4, "", "not valid Cedar: unexpected end of input"),
    (f'@aproval("one")\n{_ALL};', 4, "@aproval", "policy mine: @aproval is not an annotation"),
    ("permit (principal == ?principal, action, resource);", 4, "?principal", "it holds a template"),
    (f"{_ALL}\nwhen {{ context.nope == 1 }};", 5, "nope", "policy mine: attribute `nope`"),
    (f'{_ALL}\nwhen {{ resource.colour == "red" }};', 5, "colour", "policy mine: attribute `colour`"),
    (
        f'{_ALL}\nwhen {{ context has risk && context.risk == "low" && context.frozen }};',
        5,
        "frozen",
        "policy mine: frozen can be absent",
    ),
    (
        f"{_ALL}\nwhen {{ context has risk && (context.risk < 3) }};",
        5,
        "context.risk <",
        "expected Long but saw String",
    ),
    (
        f"{_ALL}\nwhen {{ context has risk }}\nunless {{ context.risk == 3 }};",
        6,
        "context.risk ==",
        "the types Long and String are not compatible",
    ),
    ("permit (principal is Ops::Robot, action, resource);", 4, "Ops::Robot", "unrecognized entity type"),
    ('permit (principal, action == Ops::Action::"fly", resource);', 4, "Ops::Action", "unrecognized action"),
]
TOML = [
    ("[model]\nid = \n", 2, "\n", "not valid TOML: Invalid value"),
    ("[model", 1, "", "not valid TOML: Expected ']'"),
    ("[model]\n[modle]\n", 2, "modle", "unknown section [modle]"),
    ("[model]\n  temperature = 1\n", 2, "temperature", "unknown key model.temperature"),
    ("[policy]\nfreeze = 's'\n", 2, "freeze", "is not a list of texts"),
    ("[limits]\n\nmax_usd = -1\n", 3, "max_usd", "must be more than zero"),
    ("[policy]\nfreeze = ['at night']\n", 2, "freeze", "does not say UTC at its end"),
    ("[policy]\nmax_percent = 300\n", 2, "max_percent", "300 is not a percentage"),
]
_CASE = 'defaults: {tool: kubernetes_scale, target: "k8s://p/shop/Deployment/web"}\ncases:\n  - name: x\n'
TABLES = [
    ("cases: [\n  a: {", 2, "", "neither YAML nor JSON"),
    ('{"cases": [{"name": "a", "tool": "t" "target": "web"}]}', 1, '"target"', "neither YAML nor JSON"),
    ("cases: 3", 1, "cases", "not a table of policy tests"),
    (f"{_CASE}    facts: {{nope: 1}}\n    expect: {{decision: deny}}", 4, "nope", "case 1: there is no fact 'nope'"),
    (f"{_CASE}    expct: {{decision: deny}}", 4, "expct", "case 1: unknown key expct"),
    (f"{_CASE}    expect:\n      decision: maybe", 5, "decision", "case 1: expect needs decision"),
    (f"{_CASE}    expect: {{decision: deny, approval: five}}", 4, "approval", "case 1: approval is one of"),
    (
        f"{_CASE}    target: web\n    expect: {{decision: deny}}",
        4,
        "target",
        "case 1: 'web' is not a resource reference",
    ),
    ("cases:\n  - name: x\n    expect: {decision: deny}", 2, "name", "case 1: a case needs a tool"),
]


def _told(done: Any, page: Any, path: Path, text: str, line: int, at: str) -> None:
    """Check the place in the JSON, in the message, and the quoted line with the caret under ``at`` on the page."""
    error = done.document["errors"][0]
    quoted = text.split("\n")[line - 1]
    column = quoted.index(at.strip("\n")) + 1 if at.strip("\n") else len(quoted) + 1
    assert error["place"] == {"file": str(path), "line": line, "column": column}, error
    assert error["message"].startswith(f"{path}:{line}:{column}")
    numbered, caret = _quoted(page, line)
    assert numbered[numbered.index("| ") + 2 :].strip("… ") in quoted
    assert numbered[caret.index("^") :].startswith(at.strip("\n"))


def _quoted(page: Any, line: int) -> tuple[str, str]:
    lines = (page.out + page.err).splitlines()
    first = next(at for at, text in enumerate(lines) if text.strip().startswith(f"{line} | "))
    return lines[first], lines[first + 1]


@pytest.mark.parametrize(("text", "line", "at", "said"), CEDAR, ids=[row[3] for row in CEDAR])
def test_validate_quotes_the_mistake_in_a_policy(
    text: str, line: int, at: str, said: str, cli: Cli, tmp_path: Path
) -> None:
    """Of a wrong token, an unknown name, an annotation, a type: exit 1, line, column, quotation, caret."""
    path = tmp_path / "p.cedar"
    path.write_text(_HEAD + text)
    done, page = cli("policy", "validate", str(path), "-o", "json"), cli("policy", "validate", str(path))
    assert (done.code, said in done.document["errors"][0]["message"]) == (1, True), done.document["errors"]
    _told(done, page, path, _HEAD + text, line, at)


@pytest.mark.parametrize(("text", "line", "at", "said"), TOML, ids=[row[3] for row in TOML])
def test_a_mistake_in_the_settings_is_quoted(text: str, line: int, at: str, said: str, cli: Cli, home: Path) -> None:
    """By every command that reads the settings, validate among them."""
    home.mkdir()
    path = home / "config.toml"
    path.write_text(text)
    for words, code in ((("policy", "show"), 2), (("policy", "validate"), 1)):
        done, page = cli(*words, "-o", "json"), cli(*words)
        assert (done.code, said in done.document["errors"][0]["message"]) == (code, True), done.document["errors"]
        _told(done, page, path, text, line, at)


@pytest.mark.parametrize(("text", "line", "at", "said"), TABLES, ids=[row[3] for row in TABLES])
def test_a_mistake_in_a_table_is_quoted(text: str, line: int, at: str, said: str, cli: Cli, tmp_path: Path) -> None:
    """YAML and JSON alike, down to the key that is not understood."""
    path = tmp_path / "t.yaml"
    path.write_text(text)
    done, page = cli("policy", "test", str(path), "-o", "json"), cli("policy", "test", str(path))
    assert (done.code, said in done.document["errors"][0]["message"]) == (2, True), done.document["errors"]
    _told(done, page, path, text, line, at)


def test_a_quoted_line_shows_no_secret(cli: Cli, home: Path) -> None:
    """A key does not belong into the settings; where one is, it is not shown, nor is a caret where it would mislead."""
    home.mkdir()
    secret = "sk-ant-api03-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2
    (home / "config.toml").write_text(f'[model]\nkey = "{secret}" # {secret}\n')
    behind = cli("policy", "show")
    (home / "config.toml").write_text(f'[model]\nid = "{secret}" x = 1\n')
    before = cli("policy", "show")
    numbered, caret = _quoted(behind, 2)
    assert ("key = " in numbered, secret in behind.err + before.err) == (True, False)
    assert caret.index("^") == numbered.index("key")
    assert ("2 | " in before.err, "^" in before.err) == (True, False)


def test_a_quoted_line_cannot_move_the_cursor(cli: Cli, home: Path) -> None:
    """Control characters are written out, and the caret still stands where the mistake is."""
    home.mkdir()
    (home / "config.toml").write_text("[model]\ntemperature = '\u202e'\n")
    numbered, caret = _quoted(cli("policy", "show"), 2)
    assert ("\\u{202e}" in numbered, caret.index("^") == numbered.index("temperature")) == (True, True)
