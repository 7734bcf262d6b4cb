"""The question at a terminal, command by command: Ctrl-C, a slip in an edit, a no that a model is to hear or not."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.app.fix.scripting import turns_of
from tests.support.clusters import declared

ALERT = "k8s:shop/Deployment/checkout"
ENTER, CTRL_C, CTRL_U, UP = "\r", "\x03", "\x15", "\x1b[A"
Cli = Callable[..., Any]


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """The scenario of the bad image tag, served to whoever has its kubeconfig."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        yield sandbox


@pytest.fixture
def at(cluster: Sandbox, home: Path) -> tuple[str, ...]:
    """The options that lead to it; this home calls it development, where a rollback asks a person only to agree."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(declared(cluster.kubeconfig, cluster.context))
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)


@pytest.fixture
def session(terminal: ModuleType, home: Path) -> Callable[..., Any]:
    """Run a command line at a terminal with this home."""
    return lambda words, dialogue: terminal.at_terminal(words, dialogue, {"AGENTOPS_HOME": str(home), "COLUMNS": "80"})


def stored(cluster: Sandbox) -> Any:
    """Return the Deployment checkout as it is stored."""
    found = cluster.simulation.store.list("Deployment", "shop")
    return next(one for one in found if one["metadata"]["name"] == "checkout")


def image(cluster: Sandbox) -> str:
    """Return the tag of the Deployment checkout as it is stored."""
    checkout = stored(cluster)
    return str(checkout["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def closing(out: str) -> list[str]:
    """Return the last lines of a report: from its last heading on."""
    lines = out.rstrip().splitlines()
    begun = max(at for at, line in enumerate(lines) if line and not line.startswith(" "))
    return lines[begun:]


def applied(session: Any, cli: Cli, at: tuple[str, ...]) -> str:
    """Fix it at the terminal and return the change's id."""
    done = session(["fix", ALERT, "--no-model", *at], [("apply it?", "a" + ENTER)])
    assert done.code == 0, done.screen
    return str(cli("changes", "-o", "json").document["changes"][0]["id"])


def test_ctrl_c_at_the_question_of_a_fix(cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any) -> None:
    """Exit 130, on record, nothing open, and the last lines say that nothing was changed and how to go on."""
    said = session(["fix", ALERT, "--no-model", *at], [("apply it?", CTRL_C)])
    assert (said.code, image(cluster), cli("changes", "-o", "json").document["changes"]) == (130, "v1.4.3", [])
    last = closing(said.out)
    assert "One person must approve" not in said.out
    assert last[0].startswith("Not run: nothing was changed — shop/Deployment/checkout (plan ")
    assert last[2].strip() == "Interrupted at the question: nothing was changed"
    assert last[3].startswith("  Next: agentops fix ")
    told = " ".join(cli("show", "--timeline").out.replace("│ ", "").split())
    assert "the plan was not run: interrupted at the question" in told
    assert "the run ended: interrupted, exit 130" in told
    assert cli("recover", *at).out.strip() == "No change is open."


@pytest.mark.parametrize("word", ["abort", "no way", "bananas"])
def test_a_refusal_that_is_typed_out_is_one(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any, word: str
) -> None:
    """Its letters are not keys one after the other: nothing is approved, whatever letter the word ends with."""
    said = session(["fix", ALERT, "--no-model", *at], [("apply it?", word + ENTER)])
    assert (said.code, image(cluster), cli("changes", "-o", "json").document["changes"]) == (5, "v1.4.3", [])


def test_a_rollback_is_decided_on_one_screen_that_names_it(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any
) -> None:
    """Its first line says what goes back on which object; the question names it; Ctrl-C there ends with 130."""
    change = applied(session, cli, at)
    short = change.rpartition("-")[2]
    said = session(["rollback", short, *at], [("roll it back?", CTRL_C)])
    assert (said.code, image(cluster)) == (130, "v1.4.1"), said.screen
    shown = said.screen.replace("\r", "")
    page = shown[shown.index("Roll back shop/Deployment/checkout: image v1.4.1 → v1.4.3") :].partition("\x1b")[0]
    assert len(page.strip().splitlines()) + 6 <= 24, page
    assert "rolls back  change " + short in page
    assert closing(said.out)[-1].startswith(f"  Next: agentops rollback {short} --context")


def test_a_rollback_of_nothing_named_offers_the_last_change(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any
) -> None:
    """No is a no, and no mistake; yes leads to the plan; without a terminal the command is said, and nothing done."""
    none = cli("rollback", *at)
    assert (none.code, "no change stands that can be rolled back" in none.err) == (2, True)
    short = applied(session, cli, at).rpartition("-")[2]
    assert cli("history").out.splitlines()[1].split()[-2] == "fixed"
    told = cli("rollback", *at)
    assert (told.code, f"The last change: agentops rollback {short}" in told.err, image(cluster)) == (2, True, "v1.4.1")
    refused = session(["rollback", *at], [(f"Roll back the last change, {short}?", "n" + ENTER)])
    assert (refused.code, image(cluster)) == (5, "v1.4.1"), refused.screen
    assert "Nothing was changed." in refused.screen
    assert "To roll back another one: agentops rollback ID; agentops changes lists them" in refused.screen
    taken = session(["rollback", *at], [("Roll back the last", "y" + ENTER), ("roll it back?", "a" + ENTER)])
    assert (taken.code, image(cluster)) == (0, "v1.4.3"), taken.screen
    assert cli("rollback", *at).code == 2
    assert cli("history").out.splitlines()[1].split()[-3:-1] == ["rolled", "back"]
    (incident,) = cli("history", "-o", "json").document["incidents"]
    assert (incident["verdict"], incident["outcome"]) == ("root-cause", "rolled-back")
    assert session(["rollback", "last", *at], [("apply it?", "a" + ENTER)]).code == 0
    assert cli("history").out.splitlines()[1].split()[-2] == "fixed"


def test_a_fix_of_nothing_named_offers_the_last_incident(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any
) -> None:
    """No ends with 5, says that nothing was changed and how to name another one."""
    cli("investigate", ALERT, "--no-model", *at)
    refused = session(["fix", "--no-model", *at], [("Fix the last incident, ", "n" + ENTER)])
    assert (refused.code, image(cluster), "nothing to fix was given" in refused.screen) == (5, "v1.4.3", False)
    assert "Nothing was changed." in refused.screen
    assert "To fix another one: agentops fix ID; agentops history lists them" in refused.screen


def test_ctrl_c_at_the_question_of_a_recovery_leaves_the_change_open(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any, home: Path
) -> None:
    """What was open before is open still, and the last lines are the two ways to close it."""
    applied(session, cli, at)
    assert session(["rollback", "last", *at], [("roll it back?", "a" + ENTER)]).code == 0
    newest = cli("changes", "-o", "json").document["changes"][0]
    short = newest["short_id"]
    for closed in (home / "changes").glob("*/closed.json"):
        if newest["id"] in closed.read_text():
            closed.unlink()
    unclear = cli("recover", *at)
    assert unclear.code == 7, unclear.out
    said = session(["recover", "--roll-back", *at], [("roll it back?", CTRL_C)])
    assert said.code == 130, said.screen + said.out
    assert [line.split("    ")[0].strip() for line in closing(said.out)[-2:]] == [
        f"Next: agentops recover {short} --roll-back",
        f"Or:   agentops recover {short} --keep",
    ]
    assert len(closing(said.out)) <= 6


def test_a_change_that_cannot_be_rolled_back_any_more_stays_open_and_says_so(
    cli: Cli, cluster: Sandbox, at: tuple[str, ...], session: Any, home: Path
) -> None:
    """Somebody else has set the field since: the error ends with the command that closes the change as it is."""
    short = applied(session, cli, at).rpartition("-")[2]
    (closed,) = (home / "changes").glob("*/closed.json")
    closed.unlink()
    with cluster.simulation.store.lock:
        moved = copy.deepcopy(stored(cluster))
        moved["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.shop.example/checkout:v1.4.9"
        cluster.simulation.store.update(moved)
    refused = cli("recover", "--roll-back", *at)
    last = f"To close it and change nothing: agentops recover {short} --keep"
    assert (refused.code, f"Change {short} stays open." in " ".join(refused.err.replace("│ ", "").split())) == (1, True)
    assert refused.err.splitlines()[-1].strip().endswith(last)
    kept = cli("recover", short, "--keep", *at)
    assert (kept.code, f"Change {short} of shop/Deployment/checkout is closed as it is" in kept.out) == (0, True)


def test_a_slip_in_an_edit_is_asked_again(cluster: Sandbox, at: tuple[str, ...], session: Any) -> None:
    """What is no value is mended on the spot; what no plan can be made of leads back to the plan as it was."""
    said = session(
        ["fix", ALERT, "--no-model", *at],
        [
            ("apply it?", "e" + ENTER),
            ("Which argument", UP + UP + ENTER),
            ("to_revision:", CTRL_U + "one" + ENTER),
            ("This is not JSON", ""),
            ("to_revision:", CTRL_U + "99" + ENTER),
            ("What you asked for cannot be done", ""),
            ("apply it?", "a" + ENTER),
        ],
    )
    assert (said.code, image(cluster), "Applied and verified" in said.out) == (0, "v1.4.1", True), said.screen


@pytest.mark.parametrize(
    ("keys", "turns"),
    [(["q" + ENTER], 3), (["t" + ENTER, "not during the sale" + ENTER], 4)],
    ids=["stop", "tell the model"],
)
def test_a_no_pays_for_another_turn_only_where_the_person_wants_it(
    at: tuple[str, ...], session: Any, cli: Cli, tmp_path: Path, keys: list[str], turns: int
) -> None:
    """After 'stop' the model of the run gets no turn any more; after 'tell' it hears why."""
    cause = {"cause": {"resource": "shop/Deployment/checkout", "condition": "ImageNotFound"}}
    draft = {"tool": "rollout_undo", "target": "shop/Deployment/checkout", "arguments": {}}
    script = tmp_path / "turns.yaml"
    known = turns_of(cause, [[draft]])
    heard = {"expect": "(?s)not executed, not queued.*not during the sale", "calls": known[-1]["calls"]}
    script.write_text(yaml.safe_dump({"turns": [*known[:3], heard]}), encoding="utf-8")
    texts = ["apply it?", "What should the model know?"]
    dialogue = list(zip(texts, keys, strict=False))
    said = session(["fix", ALERT, "--model", f"scripted:{script}", *at], dialogue)
    assert said.code == 5, said.screen + said.out
    assert cli("show", "-o", "json").document["usage"]["turns"] == turns


@pytest.mark.parametrize(
    ("words", "environ", "code", "wanted"),
    [
        (["fix", "--sandbox=bad-image-tag"], {"AGENTOPS_READ_ONLY": "1"}, 4, "Next: agentops policy explain --tool"),
        (["fix", "--sandbox=bad-image-tag", "--context", "viewer"], {}, 9, "Next: agentops show "),
        (["fix", "--sandbox=quota-exceeded"], {}, 9, "Next: agentops show "),
        (["fix", "--sandbox=stale-alert"], {}, 0, "Next: agentops show "),
        (["fix", "--sandbox=bad-image-tag", "--dry-run"], {}, 0, "Next: agentops fix --sandbox=bad-image-tag"),
        (["fix", "--sandbox=bad-image-tag", "--no-input"], {}, 5, "Next: agentops fix --sandbox"),
    ],
    ids=["refused", "may not", "no plan", "nothing to do", "dry run", "nobody to ask"],
)
def test_each_way_to_end_without_a_change_fits_six_lines(
    cli: Cli,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    environ: dict[str, str],
    code: int,
    wanted: str,
) -> None:
    """The last lines are how it ended and what comes next; with what stands above they fit one screen."""
    monkeypatch.setenv("COLUMNS", "80")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    done = cli(*words, "--no-model")
    last = closing(done.out)
    assert (done.code, last[-1].strip().startswith(wanted)) == (code, True), done.out
    # A command is not wrapped by us: the terminal folds it into rows of 80.
    assert sum(-(-len(line) // 80) for line in last) <= 6, done.out
    assert len(done.out.splitlines()) <= 24, done.out
