"""Policy: how long a decision takes, and how long loading and validating takes, in one process after the import.

The baseline of a decision is what the engine alone needs for the same request and policies; the baseline of loading is
the same for each text: parsing the policies and the schema without any of our checks.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from agentops.core.plan import PolicyDecision
from agentops.core.policy import PolicyRequest, Principal
from agentops.policy import CedarPolicy, load_policy
from tests.benchmarks.measure import Row
from tests.support.policies import PERMITTED, WEB, limits

DECISIONS = 2000
LOADS = 30


def policy() -> Iterator[Row]:
    """Yield the rows: an allow, a refusal by a forbid, a refusal by default, a load."""
    import cedarpy

    from agentops.app.providers import change_specs, read_specs
    from agentops.core.resource import parse_ref

    tools = (*read_specs(), *change_specs())
    loaded = load_policy([], tools=tools, settings=limits())
    base = PolicyRequest(
        principal=Principal(kind="human", name="ana"),
        action="kubernetes_patch",
        groups=("mutate",),
        resource=parse_ref(WEB),
        attributes={"labels": {"app": "web"}, "replicas": 3, "exists": True},
        context=PERMITTED,
    )
    bare = _engine_alone(cedarpy, loaded, base)
    cases = (
        ("allowed", {}, "200 µs"),
        ("refused by a forbid, with the clause", {"frozen": True}, "-"),
        ("refused by default, with the nearest permit", {"reverts": True}, "-"),
    )
    for name, facts, aim in cases:
        request = replace(base, context={**PERMITTED, **facts})
        yield _row(f"policy decision, {name}", _p50_us(lambda one=request: loaded.decide(one)), bare, "µs", aim)
    texts = "\n".join(layer.text for layer in loaded.loaded.layers)

    def parse_alone() -> None:
        cedarpy.PolicySet.from_str(texts)
        cedarpy.Schema.from_json_str(loaded.loaded.schema)

    load = _p50_us(lambda: load_policy([], tools=tools, settings=limits()), LOADS) / 1000
    yield _row(f"policy load and validate, {len(tools)} tools", load, _p50_us(parse_alone, LOADS) / 1000, "ms", "10 ms")


def _engine_alone(cedarpy: Any, loaded: CedarPolicy, request: PolicyRequest) -> float:
    """Return the engine's own median for ``request``, everything but the request parsed beforehand."""
    from agentops.policy.encoding import encode

    asked, entity = encode(request, request.principal, loaded.loaded.owned)
    policies = cedarpy.PolicySet.from_str("\n".join(layer.text for layer in loaded.loaded.layers))
    schema = cedarpy.Schema.from_json_str(loaded.loaded.schema)
    entities = cedarpy.Entities.from_json_str(json.dumps([entity]), schema)
    return _p50_us(lambda: cedarpy.is_authorized(asked, policies, entities, schema))


def _p50_us(call: Callable[[], PolicyDecision | Any], times: int = DECISIONS) -> float:
    """Return the median in microseconds, warm."""
    for _ in range(max(times // 20, 3)):
        call()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e6


def _row(name: str, measured: float, baseline: float, unit: str, aim: str) -> Row:
    digits = 0 if unit == "µs" else 1
    return Row(
        name=name,
        value=f"{measured:,.{digits}f} {unit}",
        baseline=f"{baseline:,.{digits}f} {unit}",
        ratio=f"{measured / baseline:.2f}",
        aim=aim,
    )
