"""A change by a tool of an MCP server: previewed without a call, approved, sent once, read back, taken back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.approvals.approvals import sign
from agentops.approvals.keys import new_key
from agentops.approvals.trust import Trust
from agentops.core.clock import utc_now
from agentops.store.plans import load_plan, save_approval
from tests.support.mcp_shelf import CLASSES, Shelf, connect

Cli = Callable[..., Any]
LOOK = {"tool": "tool_read", "arguments": {"tool": "shelf__get_thing", "arguments": {"name": "web"}}}


def draft(tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a call that drafts a change by a tool of the server."""
    said = {"target": f"mcp://shelf/{tool}", "reason": "It is asked for.", "evidence": ["{{first}}"]}
    return {"tool": "draft_change", "arguments": {"tool": f"shelf__{tool}", "arguments": arguments, **said}}


REFUSED, IN_DOUBT, NO_PLAN = 4, 7, 9
GROW = draft("set_size", name="web", size=5)


@pytest.fixture
def do(cli: Cli, tmp_path: Path, home: Path) -> Callable[..., Any]:
    """Ask for something of a model that looks, drafts this, and reports."""

    def ask(drafted: dict[str, Any], *words: str, verdict: str = "planned") -> Any:
        said = {"verdict": verdict, "text": "As asked.", "evidence": ["{{first}}"], "not_checked": []}
        said |= {"because": "It is refused."} if verdict == "not-possible" else {}
        report = {"tool": "report_request", "arguments": said}
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"turns": [{"calls": [one]} for one in (LOOK, drafted, report)]}))
        return cli("do", "make web larger", "--model", f"scripted:{script}", "--no-input", *words)

    return ask


@pytest.fixture
def nobody_asked(home: Path) -> None:
    """The owner's policy asks nobody, so that ``--yes`` is enough; the kernel holds."""
    home.mkdir(mode=0o700, exist_ok=True)
    policy = home / "policy.cedar"
    policy.write_text('@id("all")\n@approval("none")\npermit (principal, action, resource);\n')
    policy.chmod(0o600)


def signed(home: Path, plan: Path) -> Path:
    """Sign a saved plan with a key that counts here."""
    trust = Trust(path=home / "approvers.toml", clock=utc_now)
    key = new_key("eve", lambda size: bytes(range(size)))
    trust.add(key.public)
    now, digest = utc_now(), load_plan(plan).digest
    made = sign(key, plan_digest=digest, at=now, expires_at=now + timedelta(minutes=5), nonce="n", shown_digest="")
    approval = plan.with_suffix(".approval.json")
    save_approval(approval, made)
    return approval


def told(home: Path) -> str:
    """Return the conversation of the only request."""
    (path,) = (home / "incidents").glob("*/transcript.jsonl")
    return path.read_text()


def test_the_preview_calls_nothing_and_shows_the_exact_arguments(do: Any, home: Path, tmp_path: Path) -> None:
    """It says that nothing was tried, who undoes it, that its reach is unknown, and what one person must agree to."""
    shelf = connect(home)
    plan = tmp_path / "plan.json"
    done = do(GROW, "--dry-run", "--out", str(plan), "-o", "json")
    (step,) = json.loads(plan.read_text())["plan"]["steps"]
    preview, reach = step["preview"], step["blast_radius"]
    assert (done.code, shelf.calls) == (0, [])
    assert preview["calls"][0]["body"] == {"tool": "set_size", "arguments": {"name": "web", "size": 5}}
    assert (preview["validated"], preview["risk"], preview["reversal"]) == (False, "medium", "compensating")
    assert preview["undo"][0]["arguments"] == {"name": "web", "size": 1}
    assert preview["objects"][0]["before"] == {"effect": "none seen", "read_back": {"size": 1}}
    assert (reach["instances"], reach["stateful"], reach["unknown"]) == (
        None,
        True,
        ["what set_size reaches at MCP server shelf"],
    )
    assert step["ruling"]["obligation"]["approval"] == "one"
    page = do(GROW, "--dry-run").out
    assert "offers no dry run: nothing was tried" in " ".join(page.split())
    assert "size" in page
    assert "5" in page


def test_an_approved_plan_is_sent_once_and_read_back(do: Any, cli: Cli, home: Path, tmp_path: Path) -> None:
    """Signed by a person, sent exactly as shown, verified by the read; a second use is refused."""
    shelf = connect(home)
    plan = tmp_path / "plan.json"
    do(GROW, "--dry-run", "--out", str(plan))
    run = ("fix", "--plan", str(plan), "--approval", str(signed(home, plan)), "--no-input", "-o", "json")
    done = cli(*run)
    assert (done.code, done.document["outcome"]["status"]) == (0, "applied"), done.err
    assert shelf.calls == [["set_size", {"name": "web", "size": 5}]]
    assert (cli(*run).code, len(shelf.calls)) == (5, 1)
    assert cli("audit", "verify").code == 0


def test_a_plan_is_stale_when_what_is_read_back_moved(do: Any, cli: Cli, home: Path, tmp_path: Path) -> None:
    """Somebody else changed the size meanwhile: what was approved was approved of another state."""
    shelf = connect(home)
    plan = tmp_path / "plan.json"
    do(GROW, "--dry-run", "--out", str(plan))
    shelf.put(things={"web": {"size": 3, "namespace": "shop"}})
    done = cli("fix", "--plan", str(plan), "--approval", str(signed(home, plan)), "--no-input", "-o", "json")
    assert (done.code, shelf.calls) == (5, [])
    assert "read_back" in done.out + done.err


def test_a_plan_of_a_tool_that_changed_since_is_not_sent(do: Any, cli: Cli, home: Path, tmp_path: Path) -> None:
    """A rug pull between approval and run: the tool that verifies is another one now, so nothing is sent."""
    shelf = connect(home)
    plan = tmp_path / "plan.json"
    do(GROW, "--dry-run", "--out", str(plan))
    shelf.misbehave("rug-pull-set-size")
    done = cli("fix", "--plan", str(plan), "--approval", str(signed(home, plan)), "--no-input", "-o", "json")
    assert (done.code != 0, shelf.calls) == (True, [])


@pytest.mark.usefixtures("nobody_asked")
def test_a_change_is_taken_back_by_its_inverse(do: Any, cli: Cli, home: Path) -> None:
    """The undo goes the same way: previewed, sent once, and read back to what was there before."""
    shelf = connect(home)
    assert do(GROW, "--yes", "-o", "json").code == 0
    done = cli("rollback", "last", "--yes", "--no-input", "-o", "json")
    assert (done.code, shelf.things["web"]["size"]) == (0, 1), done.err
    assert [call[1]["size"] for call in shelf.calls] == [5, 1]


@pytest.mark.usefixtures("nobody_asked")
def test_a_call_without_an_effect_is_not_called_done(do: Any, home: Path) -> None:
    """The server says "done" and did nothing: the read shows it, and the run does not end as applied."""
    shelf = connect(home, "stuck")
    done = do(GROW, "--yes", "-o", "json")
    assert shelf.calls[0] == ["set_size", {"name": "web", "size": 5}]
    assert done.code not in (0, 1)
    assert done.document["outcome"]["status"] != "applied"


@pytest.mark.usefixtures("nobody_asked")
@pytest.mark.parametrize("how", ["fails", "errs"])
def test_a_call_that_failed_is_judged_by_what_is_read(do: Any, home: Path, how: str) -> None:
    """The server says, in a result or by an error of the protocol, that it failed after it changed something: in doubt,
    looked at, and never sent again."""
    shelf = connect(home)
    shelf.misbehave(how)
    done = do(GROW, "--yes", "-o", "json")
    sent = [call for call in shelf.calls if call[1]["size"] == 5]
    assert (done.code, len(sent)) == (IN_DOUBT, 1)


def alone(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, for what holds as long as a process lives."""
    program = Path(__file__).resolve().parents[1] / "support" / "account.py"
    argv = [sys.executable, str(program), *words, "--no-input", "-o", "json"]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.usefixtures("nobody_asked")
def test_an_answer_that_is_lost_is_looked_for_and_the_call_never_repeated(home: Path, tmp_path: Path) -> None:
    """The server dies after it did what was asked, and after its undo. What is read decides, later by ``recover``."""
    shelf = connect(home)
    shelf.misbehave("dies")
    said = {"verdict": "planned", "text": "As asked.", "evidence": ["{{first}}"], "not_checked": []}
    turns = [LOOK, GROW, {"tool": "report_request", "arguments": said}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": [{"calls": [one]} for one in turns]}))
    done = alone("do", "make web larger", "--model", f"scripted:{script}", "--yes")
    status = json.loads(done.stdout)["outcome"]["status"]
    assert (done.returncode, status) == (7, "rollback-failed"), done.stderr
    shelf.misbehave()
    recovered = alone("recover")
    assert (recovered.returncode, shelf.things["web"]["size"]) == (0, 1), recovered.stdout + recovered.stderr
    assert [call[1]["size"] for call in shelf.calls] == [5, 1]


@pytest.mark.parametrize(
    ("drafted", "code", "why"),
    [
        (draft("drop_thing", name="web"), REFUSED, "irreversible: this could not be undone"),
        (draft("query", sql="delete from things"), NO_PLAN, "there is no change tool 'shelf__query'"),
    ],
)
def test_what_nothing_undoes_or_nobody_classified_is_refused(
    drafted: Any, code: int, why: str, do: Any, home: Path
) -> None:
    """By the default policy, before anything is tried; what is critical is not even offered to the model."""
    shelf = connect(home)
    done = do(drafted, verdict="not-possible")
    assert (done.code, shelf.calls, why in told(home)) == (code, [], True), done.err


@pytest.mark.usefixtures("nobody_asked")
def test_the_kernel_refuses_it_whatever_a_policy_permits(do: Any, home: Path) -> None:
    """A plan that a model made after reading foreign text does not do what cannot be undone."""
    shelf = connect(home)
    done = do(draft("drop_thing", name="web"), "--yes", verdict="not-possible")
    assert (done.code, shelf.calls, "kernel-irreversible-tainted" in told(home)) == (REFUSED, [], True)


def test_a_change_that_the_settings_do_not_allow_is_not_there(do: Any, home: Path) -> None:
    """Without a list of allowed tools, only reads are offered."""
    shelf = connect(home, allowed=[])
    assert (do(GROW).code != 0, shelf.calls) == (True, [])


def test_policy_judges_what_a_change_names(do: Any, cli: Cli, home: Path) -> None:
    """A namespace that policy forbids is refused before anything is read or tried."""
    shelf = connect(home)
    cli("policy", "init")
    own = home / "policy.cedar"
    own.write_text(
        own.read_text()
        + '@id("not-prod") @why("prod is out of reach")'
        + 'forbid (principal, action in Ops::Action::"mutate", resource in Ops::Server::"shelf")'
        + ' when { context has namespace && context.namespace == "prod" };'
    )
    done = do(draft("set_size", name="web", size=5, namespace="prod"), verdict="not-possible")
    assert (done.code, shelf.calls, "not-prod" in told(home)) == (REFUSED, [], True)


@pytest.mark.usefixtures("nobody_asked")
def test_the_control_plane_is_out_of_reach_for_foreign_tools(do: Any, home: Path) -> None:
    """Whatever a policy permits, a call that names such a namespace is not tried."""
    shelf = connect(home)
    done = do(draft("set_size", name="web", size=5, namespace="kube-system"), "--yes", verdict="not-possible")
    assert (done.code, shelf.calls, "kernel-control-plane-by-a-tool" in told(home)) == (REFUSED, [], True)


def test_a_protected_namespace_counts_for_foreign_tools(do: Any, home: Path, tmp_path: Path) -> None:
    """What a call names is protected where the settings say so, and policy knows it."""
    connect(home)
    (home / "config.toml").write_text('[policy]\nprotected_namespaces = ["pay-*"]\n')
    plan = tmp_path / "plan.json"
    do(draft("set_size", name="web", size=5, namespace="pay-api"), "--dry-run", "--out", str(plan))
    (step,) = json.loads(plan.read_text())["plan"]["steps"]
    assert [one["context"]["protected"] for one in step["ruling"]["request"]["requests"]] == [True]


def test_policy_judges_the_read_that_verifies(do: Any, cli: Cli, home: Path) -> None:
    """What may not be read is not read for a change either, so the change is not previewed."""
    shelf = connect(home)
    cli("policy", "init")
    own = home / "policy.cedar"
    own.write_text(
        own.read_text()
        + '@id("not-read") @why("not to be looked at")'
        + 'forbid (principal, action in Ops::Action::"read", resource == Ops::Tool::"mcp://shelf/get_thing");'
    )
    done = do(GROW, verdict="not-possible")
    assert (done.code != 0, shelf.calls) == (True, [])
    assert "policy refuses shelf__get_thing, which verifies shelf__set_size: not-read" in told(home)


@pytest.mark.usefixtures("nobody_asked")
def test_a_server_s_failure_tells_no_secret(do: Any, cli: Cli, home: Path) -> None:
    """What it says of a call that failed is kept and shown without what looks like a credential."""
    connect(home).misbehave("fails")
    done = do(GROW, "--yes", "-o", "json")
    kept = "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())
    assert "it failed" in done.out
    assert "hunter2hunter2" not in kept + done.out + done.err


def test_policy_explains_a_foreign_tool(cli: Cli, home: Path) -> None:
    """By its name, with what a call names; the tool stands in the schema that is printed."""
    connect(home)
    words = ("--fact", "namespace=prod", "--fact", "reversal=none", "--fact", "reversible=false")
    asked = ("--tool", "shelf__drop_thing", "--target", "mcp://shelf/drop_thing", "-v")
    done = cli("policy", "explain", *asked, *words)
    assert ("irreversible" in done.out, "namespace" in done.out, done.err) == (True, True, ""), done.code
    assert "shelf__drop_thing" in cli("policy", "show", "--schema").out


def fix(cli: Cli, tmp_path: Path, cures: bool, home: Path, *words: str) -> tuple[Any, Shelf]:
    """Fix an alert with a call of the server, classified as a cure or not."""
    shelf = connect(home, classifications={**CLASSES, "set_size": {**CLASSES["set_size"], "cures": cures}})
    finding = {
        "verdict": "root-cause",
        "conclusion": "web is too small.",
        "confidence": "high",
        "cause": {"resource": "shop/Thing/web", "condition": "TooSmall"},
        "evidence": ["{{first}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": [],
    }
    turns = [LOOK, GROW, {"tool": "report_finding", "arguments": finding}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": [{"calls": [one]} for one in turns]}))
    return cli("fix", "the thing web is too small", "--model", f"scripted:{script}", "--no-input", *words), shelf


def test_a_call_is_no_cure_unless_it_is_known_to_be_one(cli: Cli, tmp_path: Path, home: Path) -> None:
    """A tool that closes an alert silences it; so a fix takes only what is classified as part of one."""
    done, shelf = fix(cli, tmp_path, False, home)
    assert (done.code != 0, shelf.calls) == (True, [])
    assert "nothing says that a call of set_size cures anything" in told(home)


def test_a_call_that_cures_becomes_a_plan(cli: Cli, tmp_path: Path, home: Path) -> None:
    """It is previewed and shown; without a terminal and an approval nothing is sent."""
    done, shelf = fix(cli, tmp_path, True, home, "--dry-run", "-o", "json")
    assert (done.code, shelf.calls) == (0, []), done.err
    assert done.document["plan"]["changes"][0]["tool"] == "shelf__set_size"
