"""The examples and tables of docs/policy.md do what the page says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from agentops.app.providers import change_specs, read_specs
from agentops.core.clock import utc_now
from agentops.core.errors import ToolInputError
from agentops.core.plan import Change
from agentops.core.policy import ObjectFacts, PolicyRequest
from agentops.core.policy_facts import facets_of, read_request, request_for
from agentops.core.resource import parse_ref
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import CedarPolicy, LayerKind, load_policy
from agentops.policy.shipped import shipped
from agentops.policy.table import read_cases, run_cases
from agentops.policy.vocabulary import FACTS
from tests.support.policies import HUMAN, WEB, layer, limits

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs/policy-examples"
PAGE = (ROOT / "docs/policy.md").read_text("utf-8")
Ask = Callable[..., PolicyRequest]
Loaded = Callable[..., CedarPolicy]


def _with_default(name: str) -> str:
    return shipped("default.cedar") + (EXAMPLES / name).read_text("utf-8")


def test_every_example_is_tried_here() -> None:
    """An example that is added without a test fails this one."""
    tried = {
        "organisation.cedar",
        "project.cedar",
        "incident-override.cedar",
        "change-window.cedar",
        "mcp-servers.cedar",
    }
    assert {path.name for path in EXAMPLES.iterdir()} == tried


def test_the_organisations_example(loaded: Loaded, ask: Ask) -> None:
    """Payments are out of reach; at night only people make changes."""
    text = (EXAMPLES / "organisation.cedar").read_text("utf-8")
    policy = loaded(layer(text, LayerKind.ORGANISATION))
    found = [
        policy.decide(request).policies
        for request in (
            ask(target="k8s://prod-eu/payments-api/Deployment/web"),
            ask(hour=22),
            ask(hour=None),
            ask(hour=22, who=HUMAN),
            ask(hour=12),
            ask(hour=22, rollback=True),
        )
    ]
    night, day = ("org-no-agents-at-night",), ("production-change",)
    assert found == [("org-no-agents-at-night", "org-payments-are-hands-off"), night, night, day, day, ("rollback",)]


def test_the_projects_example(loaded: Loaded, ask: Ask) -> None:
    """A label decides."""
    policy = loaded(layer((EXAMPLES / "project.cedar").read_text("utf-8"), LayerKind.PROJECT))
    asked = [ask(attributes={"labels": {"tier": tier}}) for tier in ("0", "1")]
    assert [policy.decide(request).policies for request in asked] == [("project-tier-0",), ("production-change",)]


def test_the_incident_override(loaded: Loaded, ask: Ask) -> None:
    """Two people may; without it nobody may."""
    policy = loaded(layer(_with_default("incident-override.cedar")))
    ruling = policy.decide(ask(reverts=True))
    found = (ruling.allowed, ruling.policies, ruling.obligation.approval.value, ruling.obligation.ttl_s)
    assert found == (True, ("incident-override",), "two-person", 600)
    assert not policy.decide(ask(reverts=None)).allowed


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        ({"stateful": True, "weekday": "mon", "hour": 9, "validated": True}, True),
        ({"stateful": True, "weekday": "sun", "hour": 9, "validated": True}, False),
        ({"stateful": True, "weekday": "mon", "hour": 9, "validated": False}, False),
        ({"weekday": "mon", "hour": 12}, False),
        ({"stateful": False, "weekday": "sun", "hour": 3}, True),
    ],
)
def test_the_change_window(facts: dict[str, object], allowed: bool, loaded: Loaded, ask: Ask) -> None:
    """Stateful workloads in the morning, everything else at any time; unknown counts as stateful."""
    policy = loaded(layer(_with_default("change-window.cedar")))
    assert policy.decide(ask(**facts)).allowed is allowed


QUERY = ToolSpec(name="pg__query", description="", schema={}, facets={"database": "db"})
POST = replace(QUERY, name="slack__slack_post_message", effect=Effect.CHANGE, facets={"channel": "to"})


@pytest.mark.parametrize(
    ("arguments", "refused_by"),
    [({"db": "staging"}, ()), ({"db": "prod"}, ("only-staging-databases",)), ({}, ("only-staging-databases",))],
)
def test_mcp_servers_are_asked_by_what_a_call_names(arguments: dict[str, str], refused_by: tuple[str, ...]) -> None:
    """A read of another database is refused, and so is one that leaves the database to the server."""
    rules = layer(_with_default("mcp-servers.cedar"))
    policy = load_policy([rules], tools=[*read_specs(), *change_specs(), QUERY, POST], settings=limits())
    ref = parse_ref("mcp://pg/query")
    request = read_request(QUERY, ref, arguments, HUMAN, environment="production", protected=False, now=utc_now())
    ruling = policy.decide(request)
    assert (ruling.allowed, ruling.policies) == (not refused_by, refused_by or ("reads",))


def test_a_rule_for_mcp_servers_is_valid_while_none_is_connected(loaded: Loaded, ask: Ask) -> None:
    """A server that is taken away does not make every change refused."""
    assert loaded(layer(_with_default("mcp-servers.cedar"))).decide(ask()).policies == ("production-change",)


def test_what_names_several_at_once_is_not_judged() -> None:
    """A list could hold one that is allowed and one that is not."""
    with pytest.raises(ToolInputError, match="`db` must be one text"):
        facets_of(QUERY, {"db": ["staging", "prod"]})


@pytest.mark.parametrize(("channel", "policies"), [("C0INCIDENTS", ()), ("C0GENERAL", ("no-posts-outside-incidents",))])
def test_a_change_is_judged_by_what_it_names(channel: str, policies: tuple[str, ...]) -> None:
    """A message to another channel is refused before it is previewed."""
    policy = load_policy(
        [layer(_with_default("mcp-servers.cedar"))],
        tools=[*read_specs(), *change_specs(), QUERY, POST],
        settings=limits(),
    )
    change = Change(tool=POST.name, target=parse_ref("mcp://slack/slack_post_message"), arguments={"to": channel})
    request = request_for(
        change,
        POST,
        HUMAN,
        lambda _ref, _item: ObjectFacts(),
        dry_run=True,
        environment="production",
        protected=False,
        frozen=False,
        now=utc_now(),
        tainted=True,
    )
    assert tuple(name for name in policy.decide(request).policies if name.startswith("no-posts")) == policies


def test_the_page_lists_every_fact() -> None:
    """With its type and what it says, so that the page and the schema cannot drift apart."""
    wanted = [f"| `{fact.name}` | {fact.type} | {fact.says} |" for fact in FACTS]
    assert [line for line in wanted if line not in PAGE] == []


def test_the_page_names_every_shipped_policy(policy: CedarPolicy) -> None:
    """Kernel and default, permits and forbids."""
    assert [name for name in policy.loaded.rules if f"`{name}`" not in PAGE] == []


def test_the_pages_table_passes(policy: CedarPolicy) -> None:
    """The example of a table is one, and holds for the shipped policy."""
    text = PAGE.split("```yaml\n")[1].split("```")[0]
    cases = read_cases(yaml.safe_load(text))
    assert [(one.name, one.problems) for one in run_cases(policy, cases)] == [(case.name, ()) for case in cases]


def test_the_pages_settings_are_settings() -> None:
    """The example of a [policy] section can be read."""
    import tomllib

    text = PAGE.split("```toml\n")[1].split("```")[0]
    values = tomllib.loads(text)["policy"]
    settings = limits(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
    assert (len(settings.windows), settings.judged("acme-live", "").environment, WEB.startswith("k8s://")) == (
        2,
        "production",
        True,
    )
