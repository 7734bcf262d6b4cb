"""``agentops policy`` as a person and a pipeline use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.jsonable import to_json
from agentops.core.plan import BlastRadius, Change, ChangePlan, Intent, Obligation, PlanStep, PolicyDecision, Preview
from agentops.core.resource import parse_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.scope import Scope
from agentops.policy import load_policy
from agentops.policy.layers import default_layer
from agentops.store.plans import save_plan
from tests.support.policies import PERMITTED, TOOLS, WEB, limits

OWN = """@id("all") permit (principal, action in Ops::Action::"mutate", resource);
@id("half")
@why("too much at once")
forbid (principal, action in Ops::Action::"mutate", resource)
when { context has affectedPct && context.affectedPct > 50 && context has risk && context.risk != "low" };
"""
Cli = Callable[..., Any]
EXPLAIN = ("policy", "explain", "--tool", "kubernetes_scale", "--target", WEB)


def _message(done: Any) -> str:
    """Return the error's own words; the page folds them."""
    return str(done.document["errors"][0]["message"])


FORBID = '@id("not-today") @why("we are moving house") forbid (principal, action in Ops::Action::"mutate", resource);\n'


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; no organisation's policy reaches the test."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.delenv("AGENTOPS_ORG_POLICY", raising=False)
    monkeypatch.delenv("AGENTOPS_READ_ONLY", raising=False)
    return place


def test_init_writes_a_policy_that_is_valid_and_passes_its_tests(cli: Cli, home: Path) -> None:
    """From nothing to a policy of one's own in three commands."""
    done = cli("policy", "init", "-o", "json")
    paths = [str(home / name) for name in ("policy.cedar", "policy-tests.yaml")]
    assert (done.code, done.document["files"]) == (0, paths)
    assert [oct(Path(path).stat().st_mode & 0o777) for path in paths] == ["0o600"] * 2
    assert (cli("policy", "validate").code, cli("policy", "test").code) == (0, 0)


def test_init_never_writes_over_a_policy(cli: Cli, home: Path) -> None:
    """Unless it is told to, and then the old one is kept."""
    assert cli("policy", "init").code == 0
    (home / "policy.cedar").write_text(FORBID)
    refused, forced = cli("policy", "init", "-o", "json"), cli("policy", "init", "--force")
    assert (refused.code, "exists already" in _message(refused), forced.code) == (2, True, 0)
    assert (home / "policy.cedar.old").read_text() == FORBID


def test_init_says_when_it_cannot_write(cli: Cli, home: Path) -> None:
    """A file where the config folder should be."""
    home.write_text("")
    done = cli("policy", "init", "-o", "json")
    assert (done.code, "cannot be written" in _message(done)) == (1, True)


def test_show_lists_layers_rules_and_limits(cli: Cli, work: Path) -> None:
    """What is in force here, with where it stands."""
    (work / ".agentops").mkdir()
    (work / ".agentops/policy.cedar").write_text(FORBID)
    page, found = cli("policy", "show"), cli("policy", "show", "-o", "json").document["policy"]
    layers = [(layer["name"], layer["kind"]) for layer in found["layers"]]
    assert layers == [("kernel", "kernel"), ("default", "base"), ("project", "project")]
    own = next(rule for rule in found["policies"] if rule["id"] == "not-today")
    assert (own["effect"], own["layer"], own["why"]) == ("forbid", "project", "we are moving house")
    assert (page.code, "production-high-risk" in page.out, "two-person" in page.out, found["digest"] in page.out) == (
        0,
        True,
        True,
        True,
    )


def test_show_prints_sources_schema_and_facts(cli: Cli) -> None:
    """Everything that a policy may speak of, to look up."""
    source, schema = cli("policy", "show", "--source"), cli("policy", "show", "--schema", "-o", "json")
    facts = cli("policy", "show", "--facts", "-o", "json").document["facts"]
    assert '@id("kernel-control-plane")' in source.out
    assert 'action "kubernetes_scale"' in schema.document["cedar_schema"]
    assert {
        "name": "frozen",
        "type": "Bool",
        "says": "a freeze window is open",
        "required": False,
        "of_reads": False,
    } in facts
    assert "a freeze window is open" in cli("policy", "show", "--facts").out


def test_validate_names_file_policy_and_mistake(cli: Cli, home: Path) -> None:
    """Exit 1, and the sentence says where to look."""
    home.mkdir()
    path = home / "policy.cedar"
    path.write_text('@id("mine") @aproval("none") permit (principal, action, resource);')
    done, page = cli("policy", "validate", "-o", "json"), cli("policy", "validate")
    wanted = f"{path}:1:13 (user policy), policy mine: @aproval is not an annotation of a permit"
    assert (done.code, done.document["status"], done.document["errors"][0]["message"]) == (1, "invalid", wanted)
    assert (page.code, "@aproval" in page.out) == (1, True)


def test_validate_checks_a_file_before_it_is_in_force(cli: Cli, work: Path) -> None:
    """As a base, as the organisation's, as a project's: each with its own limits."""
    permits, forbids = work / "permits.cedar", work / "forbids.cedar"
    permits.write_text('@id("mine") permit (principal, action, resource);')
    forbids.write_text(FORBID)
    tried = [
        (),
        (str(permits),),
        (str(permits), str(forbids)),
        ("--as", "organisation", str(permits)),
        ("--as", "project", str(forbids)),
        ("--as", "project", str(permits)),
        ("--as", "kernel", str(permits)),
        (str(work / "gone.cedar"),),
    ]
    assert [cli("policy", "validate", *words).code for words in tried] == [0, 0, 0, 0, 0, 1, 2, 1]


def test_validate_puts_a_file_in_place_of_its_kind(cli: Cli, work: Path) -> None:
    """The file that is in force does not collide with its own next version."""
    (work / ".agentops").mkdir()
    project = work / ".agentops/policy.cedar"
    project.write_text(FORBID)
    assert cli("policy", "validate", "--as", "project", str(project)).code == 0


@pytest.mark.parametrize("written", [".agentops/policy.cedar", "{work}/.agentops/policy.cedar", "link.cedar"])
def test_validate_takes_a_file_in_force_for_what_it_is(written: str, cli: Cli, work: Path) -> None:
    """However its path is written, it neither collides with itself nor passes for a base, nor for an empty one."""
    (work / ".agentops").mkdir()
    project = work / ".agentops/policy.cedar"
    project.write_text(FORBID)
    project.chmod(0o664)
    (work / "link.cedar").symlink_to(project)
    for words in ((), ("--as", "project")):
        done = cli("policy", "validate", *words, written.format(work=work), "-o", "json")
        shown = cli("policy", "show", "-o", "json")
        names = [[layer["name"] for layer in one.document["policy"]["layers"]] for one in (done, shown)]
        assert (done.code, names[0]) == (0, names[1])
        assert "holds no policy" not in cli("policy", "validate", *words, written.format(work=work)).out
    project.write_text("// nothing yet")
    empty = cli("policy", "validate", written.format(work=work))
    assert ("holds no policy" in empty.out, "Without a permit" in empty.out) == (True, False)


@pytest.mark.parametrize("words", [("show",), ("test",), EXPLAIN[1:]])
def test_a_policy_that_cannot_be_loaded_is_an_error(words: tuple[str, ...], cli: Cli, home: Path) -> None:
    """Nothing is shown, tested or explained of a policy that is not one."""
    home.mkdir()
    (home / "policy.cedar").write_text("nonsense")
    done = cli("policy", *words, "-o", "json")
    assert (done.code, "not valid Cedar" in _message(done)) == (2, True)


def test_a_freeze_that_cannot_be_read_is_an_error(cli: Cli, home: Path) -> None:
    """Settings are part of the policy."""
    home.mkdir()
    (home / "config.toml").write_text('[policy]\nfreeze = ["at night"]\n')
    done = cli("policy", "validate")
    assert (done.code, "freeze" in done.out) == (1, True)


def test_the_environment_cannot_say_what_production_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The section is read from the file alone."""
    monkeypatch.setenv("AGENTOPS_MAX_PERCENT", "100")
    monkeypatch.setenv("AGENTOPS_ENVIRONMENTS", '{"https://10.0.0.1:6443 public": "development"}')
    found = cli("policy", "show", "-o", "json").document["policy"]["settings"]
    assert (found["max_percent"], found["environments"]) == (50, {})


def test_settings_of_policy_come_from_the_file(cli: Cli, home: Path) -> None:
    """A wrong type is told with its place."""
    home.mkdir()
    config = home / "config.toml"
    config.write_text('[policy]\nprotected_namespaces = ["pay"]\nmax_pods = 7\n')
    found = cli("policy", "show", "-o", "json").document["policy"]["settings"]
    config.write_text('[policy]\nprotected_namespaces = "pay"\n')
    wrong = cli("policy", "show", "-o", "json")
    assert (found["protected_namespaces"], found["max_pods"]) == (["pay"], 7)
    assert (wrong.code, "is not a list of texts" in _message(wrong)) == (2, True)


TABLE = {
    "defaults": {"tool": "kubernetes_scale", "target": WEB, "facts": PERMITTED},
    "cases": [
        {"name": "usual", "expect": {"decision": "allow", "approval": "one"}},
        {"name": "hopeful", "facts": {"frozen": True}, "expect": {"decision": "allow"}},
    ],
}


def test_a_failed_case_fails_the_run(cli: Cli, work: Path) -> None:
    """Exit 1; the page tells what differs and the policy's own reason, the document every case."""
    table = work / "table.json"
    table.write_text(json.dumps(TABLE))
    page, done = cli("policy", "test", str(table)), cli("policy", "test", str(table), "-o", "json")
    assert page.code == 1
    assert page.out.splitlines()[:3] == [
        "1 case passed, 1 failed",
        "  hopeful",
        "    │ decision: expected allow, found deny",
    ]
    told = [(case["name"], case["passed"], case["problems"]) for case in done.document["tests"]]
    assert (done.code, done.document["status"], told) == (
        1,
        "failed",
        [("usual", True, []), ("hopeful", False, ["decision: expected allow, found deny"])],
    )


def test_without_a_table_the_shipped_tests_run(cli: Cli) -> None:
    """And pass."""
    done = cli("policy", "test", "-o", "json")
    assert (done.code, {case["file"] for case in done.document["tests"]}) == (0, {"the shipped tests"})


@pytest.mark.parametrize(
    ("data", "said"), [(None, "cannot be read"), (b"\xff", "UTF-8"), (b"{", "neither"), (b"1", "not a table")]
)
def test_a_table_that_cannot_be_read_is_an_error(data: bytes | None, said: str, cli: Cli, work: Path) -> None:
    """Exit 2, with the file's name."""
    table = work / "table.yaml"
    if data is not None:
        table.write_bytes(data)
    done = cli("policy", "test", str(table), "-o", "json")
    assert (done.code, said in _message(done), "table.yaml" in _message(done)) == (2, True, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cases: " + "[" * 5_000, "nested deeper than 32 levels"),
        ("a: &a [x, x]\nb: &b [*a, *a]\ncases: [*b]\n", "it uses YAML aliases"),
        ("cases: []\n#" + "x" * (1 << 20), "is larger than"),
    ],
    ids=["deep", "multiplied", "large"],
)
def test_a_table_that_would_take_the_memory_is_an_error(text: str, said: str, cli: Cli, work: Path) -> None:
    """It ends with the place in the table, and not with the reader's own trouble."""
    table = work / "table.yaml"
    table.write_text(text)
    done = cli("policy", "test", str(table), "-o", "json")
    assert (done.code, said in _message(done)) == (2, True)


@pytest.mark.parametrize(
    "expression", ["(" * 1_000 + "true" + ")" * 1_000, " || ".join(["true"] * 100_000)], ids=["parentheses", "operands"]
)
def test_a_project_file_that_would_end_the_process_refuses_every_change(expression: str, cli: Cli, work: Path) -> None:
    """A checkout that brings such a file along gets an error with a place, and no change; reads go on."""
    (work / ".agentops").mkdir(mode=0o700)
    path = work / ".agentops/policy.cedar"
    path.write_text(f'@id("deep") forbid (principal, action, resource) when {{ {expression} }};')
    path.chmod(0o600)
    shown = cli("policy", "validate", "-o", "json")
    fixed = cli("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")
    assert (shown.code, str(path) in _message(shown), fixed.code) == (1, True, 4)


def test_explain_names_the_forbid_and_the_clause(cli: Cli) -> None:
    """The policy, its reason, and the fact that decided."""
    done = cli(*EXPLAIN, "--harmless", "--fact", "affectedPct=60", "-o", "json")
    (found,) = done.document["explanations"]
    (decider,) = found["accounts"][0]["deciders"]
    clause = decider["clauses"][-1]
    assert (done.code, done.document["status"], decider["policy"], clause) == (
        0,
        "refused",
        "blast-percent",
        {
            "text": "!(context has affectedPct && (context.affectedPct <= context.maxPct || context has purpose && "
            '["restores", "mends", "shrinks"].contains(context.purpose)))',
            "holds": True,
            "values": {"affectedPct": 60, "maxPct": 50, "purpose": "none"},
        },
    )


def test_explain_names_the_clause_that_was_false(cli: Cli) -> None:
    """For a request that nothing permits: the permit that came nearest, what it wants, and what the fact says."""
    done = cli(*EXPLAIN, "--harmless", "--fact", "reverts=true")
    lines = [line.strip() for line in done.out.splitlines()]
    words = " ".join(done.out.replace("│ ", "").split())
    assert done.code == 0
    assert "production-change comes nearest and requires !context.reverts (reverts is true)" in words
    assert "no !context.reverts" in lines


def test_explain_begins_with_what_is_known(cli: Cli, home: Path) -> None:
    """The decision, the policy that decided with its file and line, the reason, the facts; then the clauses."""
    home.mkdir()
    (home / "policy.cedar").write_text(f"// ours\n{OWN}")
    done = cli(*EXPLAIN, "--harmless", "--fact", "affectedPct=60")
    decider = cli(*EXPLAIN, "--harmless", "-o", "json").document["explanations"][0]["accounts"][0]["deciders"][0]
    begins = f"Refused: kubernetes_scale on shop/Deployment/web decided by half (forbid), {home}/policy.cedar:3 ("
    assert "".join(done.out.replace("│ ", "").split()).startswith("".join(begins.split()))
    lines = [line.strip() for line in done.out.splitlines()]
    assert lines[lines.index("reason      half: too much at once (affectedPct is 60; risk is medium)") + 1 :] == [
        "",
        "Facts that this rests on",
        "FACT         VALUE   FROM",
        "affectedPct  60      --fact",
        "risk         medium  settings, tool, clock",
        "",
        "Clauses of half (forbid)",
        "too much at once",
        "yes context.affectedPct > 50",
        'yes context.risk != "low"',
    ]
    assert (decider["policy"], decider["line"]) == ("all", 2)


def test_explain_says_the_line_of_a_built_in_policy(cli: Cli) -> None:
    """It has no file; the text is shown by policy show --source."""
    done, source = cli(*EXPLAIN, "--harmless"), cli("policy", "show", "--source").out
    line = default_layer().text.splitlines()[64]
    assert "production-change (permit), built-in default policy, line 65" in done.out
    assert (line, line in source) == ('@id("production-change")', True)


def test_explain_says_what_an_allowed_change_needs(cli: Cli) -> None:
    """Approval and times; asked as the agent and as the human; with -v the text of the policy."""
    words = (*EXPLAIN, "--harmless", "--as", "agent:bot", "--on-behalf-of", "ana", "--label", "team=pay")
    brief, full = cli(*words), cli(*words, "-v")
    assert (brief.code, brief.out.splitlines()[0]) == (0, "Allowed: kubernetes_scale on shop/Deployment/web")
    found = [text in brief.out for text in ("Asked for agent:bot and for human:ana", "900 s", "permit (principal")]
    assert (found, "permit (principal" in full.out) == ([True, True, False], True)


def test_explain_knows_the_embedded_cluster(cli: Cli) -> None:
    """With --sandbox the target is in the sandbox, whatever it is called."""
    words = (*EXPLAIN, "--harmless", "--fact", "growsOnly=true")
    found = [
        cli(*given, "-o", "json").document["explanations"][0]["ruling"]["policies"]
        for given in (words, (*words, "--sandbox"))
    ]
    assert found == [["production-change"], ["routine"]]


def test_explain_tells_an_error_as_one(cli: Cli) -> None:
    """A fact that is read but does not fit what it means: the engine's own words, and no clauses."""
    done = cli(*EXPLAIN, "--harmless", "--fact", "now=yesterday", "-o", "json")
    (found,) = done.document["explanations"]
    assert (found["accounts"], "could not decide" in found["ruling"]["why"]) == ([], True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no request was given"),
        (("--tool", "kubernetes_scale"), "no request was given"),
        (("--tool", "kubernetes_exec", "--target", WEB), "there is no tool"),
        (("--tool", "kubernetes_scale", "--target", "web"), "is not a resource reference"),
        ((*EXPLAIN[2:], "--fact", "nope=1"), "there is no fact"),
        ((*EXPLAIN[2:], "--label", "team"), "is not NAME=VALUE"),
        ((*EXPLAIN[2:], "--as", "ana"), "is not a principal"),
        (("plan.json", "--harmless"), "a PLAN has its own requests"),
        (("plan.json",), "plan.json"),
    ],
)
def test_explain_says_what_it_does_not_understand(words: tuple[str, ...], said: str, cli: Cli) -> None:
    """Exit 2, and the sentence names the word."""
    done = cli("policy", "explain", *words, "-o", "json")
    assert (done.code, said in _message(done)) == (2, True)


def _plan(work: Path) -> Path:
    """Save a plan of one step whose requests were recorded when it was made."""
    from datetime import UTC, datetime

    from agentops.core.policy import PolicyRequest, Principal
    from agentops.policy import decide_all

    policy = load_policy([], tools=TOOLS, settings=limits())
    request = PolicyRequest(
        principal=Principal(kind="agent", name="agentops", on_behalf_of="ana"),
        action="kubernetes_patch",
        groups=("mutate",),
        resource=parse_ref(WEB),
        context=PERMITTED,
    )
    back = PolicyRequest(
        principal=request.principal,
        action="kubernetes_patch",
        groups=("mutate", "rollback"),
        resource=request.resource,
        context={**PERMITTED, "rollback": True},
    )
    preview = Preview(calls=(), objects=(), validated=True, risk=Risk.MEDIUM, reversal=Reversal.EXACT)
    rulings: list[PolicyDecision] = [decide_all(policy, [one]) for one in (request, back)]
    step = PlanStep(
        change=Change(tool="kubernetes_patch", target=request.resource),
        preview=preview,
        blast_radius=BlastRadius(),
        ruling=rulings[0],
        undo_ruling=rulings[1],
    )
    now = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    plan = ChangePlan(
        nonce="n",
        created_at=now,
        expires_at=now,
        requester="human:ana",
        scopes=(Scope(provider="kubernetes", place="prod-eu", server="https://c"),),
        intent=Intent(by="triage"),
        steps=(step, step),
        obligation=Obligation(),
        policy_digest=policy.digest,
    )
    assert to_json(plan)["steps"]
    path = work / "plan.json"
    save_plan(path, plan)
    return path


def test_explain_a_plan_under_the_policy_of_today(cli: Cli, work: Path) -> None:
    """Each step and its way back, as they were asked; the policy may have changed since."""
    path = _plan(work)
    before = cli("policy", "explain", str(path), "-o", "json").document
    (work / ".agentops").mkdir()
    (work / ".agentops/policy.cedar").write_text(FORBID)
    after = cli("policy", "explain", str(path), "-o", "json").document
    told = [[(one["title"], one["ruling"]["policies"]) for one in found["explanations"]] for found in (before, after)]
    what = "kubernetes_patch on shop/Deployment/web"
    titles = [f"{prefix}step {number}: {what}" for number in (1, 2) for prefix in ("", "the undo of ")]
    assert (before["status"], after["status"]) == ("allowed", "refused")
    assert told[0] == list(zip(titles, [["production-change"], ["rollback"]] * 2, strict=True))
    assert told[1] == [(title, ["not-today"]) for title in titles]


def test_a_file_without_a_policy_is_said_to_hold_none(cli: Cli, tmp_path: Path) -> None:
    """Valid, and told what follows of it; a table of tests that is given for a policy is named as one."""
    empty, table = tmp_path / "empty.cedar", tmp_path / "tests.yaml"
    empty.write_text("// nothing yet\n")
    table.write_text("cases: []\n")
    done = cli("policy", "validate", str(empty))
    assert (
        done.code,
        "holds no policy. Without a permit everything is refused." in " ".join(done.out.replace("│ ", "").split()),
    ) == (
        0,
        True,
    )
    wrong = cli("policy", "validate", str(table))
    assert (wrong.code, "looks like a table of policy tests" in " ".join(wrong.out.replace("│ ", "").split())) == (
        1,
        True,
    )
    assert f"agentops policy test {table}" in wrong.out
