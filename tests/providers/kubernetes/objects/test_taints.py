"""Which taints a pod tolerates, and for how long."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.objects.taints import covering_toleration, tolerates_forever
from agentops.providers.kubernetes.objects.workloads import ordinal_of

TAINT = {"key": "team", "value": "a", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        ({"key": "team", "value": "a"}, True),
        ({"key": "team", "operator": "Equal", "value": "a", "effect": "NoExecute"}, True),
        ({"key": "team", "value": "b"}, False),
        ({"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"operator": "Exists"}, True),
        ({"value": "a"}, False),
        ({"key": "team", "operator": "Maybe", "value": "a"}, False),
    ],
)
def test_a_toleration_covers_a_taint(toleration, covers):
    """Empty effect: every effect; empty key with Exists: every key; another operator: nothing."""
    assert (covering_toleration([toleration], TAINT) is toleration) is covers


def test_for_a_time_is_not_for_ever():
    """The first toleration that covers the taint says how long."""
    for_ever, for_a_time = {"operator": "Exists"}, {"key": "team", "value": "a", "tolerationSeconds": 300}
    pods = [[for_ever], [for_a_time], [for_a_time, for_ever], []]
    assert [tolerates_forever({"spec": {"tolerations": one}}, TAINT) for one in pods] == [True, False, False, False]


@pytest.mark.parametrize(
    ("name", "ordinal"), [("db-0", 0), ("db-12", 12), ("db", 0), ("db-" + "9" * 40, 0), ("db-x", 0)]
)
def test_the_ordinal_of_a_pod(name, ordinal):
    """The number behind the last dash."""
    assert ordinal_of({"metadata": {"name": name}}) == ordinal
