"""What every triage test starts from."""

from __future__ import annotations

import pytest

from tests.providers.kubernetes.analyzers.builder import Builder


@pytest.fixture
def build() -> Builder:
    """The object builder."""
    return Builder()


@pytest.fixture
def conditions():
    """Return ``{(kind/name, condition)}`` of problems, without information about changes."""

    def collect(problems):
        return {
            (f"{p.resource.kind}/{p.resource.name}", p.condition) for p in problems if p.condition != "RolloutChanged"
        }

    return collect
