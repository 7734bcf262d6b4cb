"""The world moved between the plan and its run: nothing is overwritten, and it is said what moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e import manifests as m
from tests.e2e.change_cases import draft
from tests.e2e.stages import Stage

_BLUE = draft("edit_configmap", "/ConfigMap/settings", set={"color": "blue"})


def _edited(stage: Stage, _plan: Path) -> None:
    stage.client.patch("ConfigMap", "settings", stage.namespace, {"data": {"color": "green"}})


def _made_again(stage: Stage, _plan: Path) -> None:
    stage.client.delete("ConfigMap", "settings", stage.namespace)
    stage.until("it is gone", lambda: stage.get("ConfigMap", "settings") is None)
    stage.make(m.config({"color": "red"}))


def _deleted(stage: Stage, _plan: Path) -> None:
    stage.client.delete("ConfigMap", "settings", stage.namespace)


def _other_policy(stage: Stage, _plan: Path) -> None:
    stage.product.configure("max_pods = 19")


def _forged(_stage: Stage, plan: Path) -> None:
    text = plan.read_text("utf-8")
    assert "blue" in text
    plan.write_text(text.replace("blue", "pink"), encoding="utf-8")


MOVES: Mapping[str, Callable[[Stage, Path], None]] = {
    "the object was edited": _edited,
    "the object was made again": _made_again,
    "the object was deleted": _deleted,
    "policy changed": _other_policy,
    "the plan was edited": _forged,
}


@pytest.mark.parametrize("name", MOVES)
def test_plan_that_no_longer_fits_is_not_run(stage: Stage, name: str) -> None:
    """A signed plan is refused when anything that was approved is another by now."""
    stage.make(m.config({"color": "red"}))
    made, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])
    assert made.ending == (0, "dry-run"), made.why
    words = stage.approved(plan)
    MOVES[name](stage, plan)
    before, _ = stage.settled(), stage.tap.clear()
    done = stage.product(*words)
    assert (done.code in (1, 5), stage.tap.writes, stage.changed(before)) == (True, [], []), (done.ending, done.why)


def test_edit_while_the_person_thinks_is_noticed(stage: Stage) -> None:
    """Between the question and the yes somebody else edits the object: the yes is not for that."""
    from tests.support.terminal import at_terminal

    stage.make(m.config({"color": "red"}))
    _, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])

    def edit_then_agree() -> str:
        _edited(stage, plan)
        return "a\r"

    session = at_terminal(
        ["fix", "--plan", str(plan), "--output", "json"],
        [("apply it?", edit_then_agree)],
        dict(stage.product.environ),
    )
    live = stage.get("ConfigMap", "settings")
    assert (session.code, stage.tap.writes, live and live["data"]) == (5, [], {"color": "green"}), session.screen


def test_field_of_another_manager_is_not_taken(stage: Stage) -> None:
    """Server-side apply of a manifest whose field somebody else owns is a conflict, and says whose it is."""
    manifest = m.config({"color": "blue"})
    query = {"fieldManager": "somebody-else"}
    path = stage.client.path("ConfigMap", "settings", stage.namespace)
    own = {**m.config({"color": "red"}), "metadata": {"name": "settings", "namespace": stage.namespace}}
    content_type = "application/apply-patch+yaml"
    assert stage.client.call("PATCH", path, own, query=query, content_type=content_type).status == 201
    before = stage.settled()
    manifest["metadata"]["namespace"] = stage.namespace
    done, plan = stage.product.plan(
        f"k8s:{stage.namespace}/ConfigMap/settings",
        [draft("apply_manifest", "/ConfigMap/settings", manifest=manifest)],
    )
    assert (done.code != 0, plan.exists(), stage.tap.writes, stage.changed(before)) == (True, False, [], [])
    told = stage.product("show", "--timeline").out
    assert "somebody-else" in told


def test_write_of_somebody_else_during_verification_is_not_undone(stage: Stage) -> None:
    """Right after the change another writes the same field: it is left as they want it, and a person is called."""
    stage.make(m.config({"color": "red"}))
    _, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])
    words = stage.approved(plan)
    stage.tap.clear()
    stage.tap.after_write = lambda _sent: _edited(stage, plan)
    done = stage.product(*words)
    stage.tap.clear()
    live = stage.get("ConfigMap", "settings")
    assert (done.code, live and live["data"]) == (7, {"color": "green"}), done.why
    kept = stage.product("recover", "--keep")
    listed = stage.product("changes").document["changes"]
    assert (kept.code, [one["open"] for one in listed]) == (0, [False])


def test_change_that_does_not_hold_is_taken_back(stage: Stage, containers_run: str) -> None:
    """An image that does not exist never becomes ready: the rollout is undone, and all is as it was."""
    if containers_run:
        pytest.skip(containers_run)
    stage.make(m.deployment(stage.where.image))
    stage.until_ready("Deployment", "web")
    before = stage.settled()
    image = f"{stage.where.image.rpartition(':')[0]}:no-such-tag"
    made, plan = stage.product.plan(
        f"k8s:{stage.namespace}/Deployment/web", [draft("set_image", "/Deployment/web", image=image)]
    )
    assert made.ending == (0, "dry-run"), made.why
    done = stage.product(*stage.approved(plan))
    stage.until_ready("Deployment", "web")
    assert (done.ending, stage.not_restored(before)) == ((6, "rolled-back"), []), done.why
