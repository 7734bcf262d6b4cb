"""The guard's own overhead per step, on the simulator: making a plan against the tool's requests alone.

Making a plan asks policy four times, writes seven fsynced records, redacts and digests; the baseline is what the same
step costs in requests whoever makes them: preview, permissions, blast radius.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator

from agentops.core.plan import Change, Intent
from agentops.core.resource import kubernetes_ref
from tests.benchmarks.measure import Row

ROUNDS = 25


def guard() -> Iterator[Row]:
    """Yield one row: a step's way to a plan."""
    from agentops.app.guard_wiring import ApprovalOptions, guard_services
    from agentops.app.run import open_app
    from agentops.config import load
    from agentops.guard.pipeline import make_plan
    from agentops.guard.proposal import Proposal

    with tempfile.TemporaryDirectory() as home:
        settings = load({}, {**os.environ, "AGENTOPS_HOME": home})
        with open_app(
            settings, command="fix", sandbox="bad-image-tag", use_model=False, progress=lambda step: None
        ) as app:
            target = kubernetes_ref("sandbox", "shop", "Deployment", "checkout")
            change = Change(tool="kubernetes_rollout_undo", target=target, arguments={"to_revision": 1})
            asking = ApprovalOptions(approver=None, on_interrupt=lambda: True)
            services = guard_services(app, app.services.connector.for_alert(None), None, asking)
            proposal = Proposal(changes=(change,), intent=Intent(by="benchmark"))
            tool = services.tools[change.tool]

            def requests() -> None:
                preview = tool.preview(change)
                services.missing_permissions(change, preview)
                tool.blast_radius(preview)

            planning, bare = _in_turns(lambda: make_plan(services, proposal), requests)
    yield Row(
        name="guard, one step up to the plan",
        value=f"{planning:.0f} ms",
        baseline=f"{bare:.0f} ms",
        ratio=f"{planning / bare:.2f}",
        aim="-",
    )


def _in_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Return the medians in milliseconds, measured in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, found in zip((one, other), times, strict=True):
            begun = time.perf_counter()
            work()
            found.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times[0]), statistics.median(times[1])
