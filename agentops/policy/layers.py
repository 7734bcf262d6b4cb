"""``PolicyLayer``: one policy file's text, where it came from, and how much it may say.

Comes in: texts. Goes out: the layers in their fixed order. Only the texts that agentops ships are read here; other
files are read by ``files.py``. The kernel is part of every policy set, whoever assembles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agentops.core.errors import ConfigError
from agentops.policy.shipped import shipped

BUILT_IN = "built in"
"""The origin of the layers that agentops ships."""


class LayerKind(StrEnum):
    """What a layer is, strongest first: a later one cannot undo a forbid of an earlier one.

    NAMED and PROJECT may only forbid: what a variable leads to, or a checkout brings along, must not allow anything.
    """

    KERNEL = "kernel"
    ORGANISATION = "organisation"
    NAMED = "named"
    BASE = "base"
    PROJECT = "project"

    @property
    def may_permit(self) -> bool:
        """Whether a permit may stand in such a layer."""
        return self in (LayerKind.KERNEL, LayerKind.ORGANISATION, LayerKind.BASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLayer:
    """One text of policies: ``name`` for people, ``origin`` where it stands (a path, or ``built in``)."""

    name: str
    origin: str
    text: str
    kind: LayerKind


def kernel_layer() -> PolicyLayer:
    """Return the rules that hold in any case."""
    return PolicyLayer(name="kernel", origin=BUILT_IN, text=shipped("builtin.cedar"), kind=LayerKind.KERNEL)


def default_layer() -> PolicyLayer:
    """Return the policy that holds where the user has no file of his own."""
    return PolicyLayer(name="default", origin=BUILT_IN, text=shipped("default.cedar"), kind=LayerKind.BASE)


def arranged(outer: Iterable[PolicyLayer]) -> tuple[PolicyLayer, ...]:
    """Return ``outer`` in order, the kernel before it, and the shipped default where no base is among it.

    Raises:
        ConfigError: a second base, or a layer that passes itself off as the kernel.
    """
    given = tuple(outer)
    if any(layer.kind is LayerKind.KERNEL for layer in given):
        raise ConfigError("the kernel policy is built in; a file cannot replace it")
    bases = [layer for layer in given if layer.kind is LayerKind.BASE]
    if len(bases) > 1:
        raise ConfigError(f"two base policies: {bases[0].origin} and {bases[1].origin}", hint="Keep one of them.")
    every = (kernel_layer(), *given, *(() if bases else (default_layer(),)))
    order = list(LayerKind)
    return tuple(sorted(every, key=lambda layer: order.index(layer.kind)))
