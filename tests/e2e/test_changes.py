"""Every change tool all the way: drafted, previewed, signed by a person, applied, verified, rolled back."""

from __future__ import annotations

import pytest

from tests.e2e.change_cases import CASES
from tests.e2e.stages import Stage

KNOWN = {}


@pytest.mark.parametrize("name", CASES)
def test_change_is_previewed_without_effect_applied_and_taken_back(
    stage: Stage, name: str, request: pytest.FixtureRequest
) -> None:
    """The preview leaves every object the very same; the change is what was drafted; its rollback restores all."""
    case = CASES[name]
    if case.cluster_scope and not stage.where.cluster_scope:
        pytest.skip("it makes an object that belongs to no namespace: AGENTOPS_E2E_CLUSTER_SCOPE=1 allows it")
    if case.containers and (reason := request.getfixturevalue("containers_run")):
        pytest.skip(reason)
    draft = case.make(stage)
    before = stage.settled()

    made, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/kube-root-ca.crt", [draft])
    assert made.ending == (0, "dry-run"), made.why
    assert (stage.changed(before), stage.tap.writes) == ([], [])
    assert not case.done(stage)

    ran = stage.product(*stage.approved(plan))
    assert (ran.ending, case.done(stage)) == ((0, "applied"), True), ran.why

    back = stage.product("rollback", ran.document["outcome"]["change"], "--yes")
    if case.stays:
        assert back.code != 0
        return
    assert back.ending == (0, "applied"), back.why
    assert stage.not_restored(before) == []


def test_every_change_tool_has_a_case(stage: Stage) -> None:
    """What `agentops tools list` calls a change of a cluster is changed here, or refused in ``test_refusals``."""
    tools = stage.product("tools", "list").document["tools"]
    ours = [one["name"] for one in tools if one["effect"] == "change" and one["name"].startswith("kubernetes_")]
    changing = {name.removeprefix("kubernetes_") for name in ours}
    # A CronJob that is suspended no longer fails, and is not cured: no plan for an incident may do that.
    assert changing - {name.partition("-")[0] for name in CASES} == {"suspend_cronjob"}
