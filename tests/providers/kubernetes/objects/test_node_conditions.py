"""What is wrong with a node by its own account."""

from __future__ import annotations

from agentops.providers.kubernetes.objects.node_conditions import bad_conditions


def _node(**conditions):
    return {"status": {"conditions": [{"type": kind, "status": status} for kind, status in conditions.items()]}}


def test_ready_should_be_true_and_the_others_should_not():
    """A node that is not heard of is not ready; that its pressure is unknown then says nothing more."""
    nodes = [
        _node(Ready="True", MemoryPressure="False", EtcdIsVoter="True"),
        _node(Ready="Unknown", MemoryPressure="Unknown"),
        _node(Ready="True", DiskPressure="True", KernelDeadlock="True"),
        {},
    ]
    assert [[one["type"] for one in bad_conditions(node)] for node in nodes] == [
        [],
        ["Ready"],
        ["DiskPressure", "KernelDeadlock"],
        [],
    ]
