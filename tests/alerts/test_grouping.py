"""Several alerts in one payload make one incident, or the user is told which were left out and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentops.alerts.grouping import Payload, group
from agentops.core.alert import Alert, Severity, Target
from agentops.core.errors import AlertError


def _alert(name: str, target: Target, severity: Severity = Severity.WARNING, status: str = "firing") -> Alert:
    labels = {"alertname": name, "target": str(target)}
    return Alert(name=name, source="alertmanager", status=status, severity=severity, target=target, labels=labels)


API = Target(namespace="shop", kind="Pod", name="api-1", container="app")
WEB = Target(namespace="shop", kind="Pod", name="web-1")


@pytest.mark.parametrize(
    ("targets", "shared"),
    [
        ([API], API),
        ([API, API], API),
        (
            [API, Target(namespace="shop", kind="Pod", name="api-1", container="proxy")],
            Target(namespace="shop", kind="Pod", name="api-1"),
        ),
        ([API, Target(namespace="shop")], Target(namespace="shop", kind="Pod", name="api-1")),
        ([API, WEB], Target(namespace="shop")),
        ([Target(), Target()], Target()),
    ],
)
def test_the_target_is_what_alerts_share(targets: list[Target], shared: Target) -> None:
    """Alerts of one namespace are one incident about the most exact thing that they have in common."""
    found = group(Payload(alerts=tuple(_alert(f"A{n}", target) for n, target in enumerate(targets))))
    assert (found.target, len(found.alerts), found.left_out) == (shared, len(targets), ())


def test_other_places_are_left_out() -> None:
    """The worst alert decides; those about another namespace or object are named with the reason."""
    worst = _alert("Worst", WEB, Severity.CRITICAL)
    other = _alert("Other", Target(namespace="blog"))
    node = _alert("Node", Target(kind="Node", name="n1"))
    found = group(Payload(alerts=(other, worst, node)))
    assert (found.alerts, found.left_out, found.notes) == (
        (worst,),
        ((other, "it is about namespace blog, not namespace shop"), (node, "it is about Node/n1, not namespace shop")),
        ("2 alerts of this payload left out",),
    )


def test_resolved_heartbeat_and_repeated_alerts_are_left_out() -> None:
    """While something fires, what has resolved, what always fires and what is there twice does not count."""
    fires, gone = _alert("A", API), _alert("B", API, status="resolved")
    beat = _alert("Watchdog", Target())
    found = group(Payload(alerts=(gone, beat, fires, fires)))
    assert (found.alerts, [why for _alert_, why in found.left_out]) == (
        (fires,),
        ["it is in the payload twice", "it fires at all times, as a heartbeat", "it has resolved"],
    )


def test_a_payload_of_resolved_alerts_is_a_group() -> None:
    """When all have resolved they are the incident, with their status; a heartbeat alone is taken as it is."""
    gone, beat = _alert("A", API, status="resolved"), _alert("Watchdog", Target())
    assert group(Payload(alerts=(gone,))).alerts == (gone,)
    alone = group(Payload(alerts=(beat,)))
    purpose = "Watchdog fires at all times to show that alerting works, and stops when it does not"
    assert (alone.alerts, alone.notes) == ((replace(beat, purpose=purpose),), (purpose,))


def test_a_rule_without_data_says_so() -> None:
    """Grafana's DatasourceNoData names the rule that got no data; it is no heartbeat, for its object may be gone."""
    alert = replace(_alert("DatasourceNoData", API), labels={"rulename": "cart is up"})
    found = group(Payload(alerts=(alert,)))
    assert (found.lead.state, found.target, found.notes) == (
        "no data",
        API,
        ("DatasourceNoData says that the rule 'cart is up' got no data, not that anything is unwell",),
    )


def test_nothing_is_no_group() -> None:
    """A payload without an alert is an error."""
    with pytest.raises(AlertError, match="holds no alert"):
        group(Payload(alerts=()))
