"""Policies as tests ask them: the shipped tools and limits, and a request that the shipped default permits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.policy import PolicyRequest, Principal
from agentops.core.resource import parse_ref
from agentops.policy import CedarPolicy, PolicyLayer, PolicySettings, load_policy
from tests.support.policies import AGENT, PERMITTED, TOOLS, WEB, limits


@pytest.fixture(scope="session")
def settings() -> PolicySettings:
    """The limits of a team that changed nothing."""
    return limits()


@pytest.fixture(scope="session")
def policy(settings: PolicySettings) -> CedarPolicy:
    """The kernel and the shipped default."""
    return load_policy([], tools=TOOLS, settings=settings)


@pytest.fixture(scope="session")
def loaded(settings: PolicySettings) -> Callable[..., CedarPolicy]:
    """Load layers: ``loaded(base("permit ..."))``."""

    def load(*layers: PolicyLayer, **changed: Any) -> CedarPolicy:
        return load_policy(layers, tools=TOOLS, settings=limits(**changed) if changed else settings)

    return load


@pytest.fixture(scope="session")
def ask() -> Callable[..., PolicyRequest]:
    """Make a request that the shipped default permits, but for what is given; a fact of None is absent."""

    def make(
        *,
        action: str = "kubernetes_patch",
        target: str = WEB,
        who: Principal = AGENT,
        attributes: dict[str, Any] | None = None,
        **facts: Any,
    ) -> PolicyRequest:
        context = {name: value for name, value in {**PERMITTED, **facts}.items() if value is not None}
        return PolicyRequest(
            principal=who,
            action=action,
            groups=("mutate",),
            resource=parse_ref(target),
            attributes=attributes or {},
            context=context,
        )

    return make
