"""What the settings say of a place and a time; unknown is production."""

from __future__ import annotations

from datetime import datetime

import pytest

from agentops.core.clock import from_iso
from agentops.core.errors import ConfigError
from agentops.policy.settings import parse_window
from tests.support.policies import limits

LAB, STAGE = "https://10.0.0.1:6443 sha256:aa", "https://10.0.0.2:6443 sha256:bb"
KNOWN = {LAB: "development", STAGE: "staging", "https://10.0.0.3:6443 sha256:cc": "production"}


@pytest.mark.parametrize(
    ("context", "identity", "environment"),
    [
        ("lab", LAB, "development"),
        ("anything", LAB, "development"),
        ("stage", STAGE, "staging"),
        ("lab", "https://10.0.0.1:6443 sha256:bb", "production"),
        ("lab", "https://10.0.0.2:6443 sha256:aa", "production"),
        ("lab", "https://10.0.0.3:6443 sha256:cc", "production"),
        ("lab", "", "production"),
        ("kind-lab", "https://10.0.0.9:6443 sha256:dd", "production"),
        ("minikube", "", "production"),
        ("sandbox", "https://127.0.0.1:40000 sha256:ee", "production"),
        ("prod-eu", LAB, "production"),
        ("arn:aws:eks:eu-west-1:1:cluster/PROD", LAB, "production"),
    ],
)
def test_the_environment_of_a_place_is_that_of_what_proves_it(context: str, identity: str, environment: str) -> None:
    """A name can make a place production and nothing else; what is not known is production."""
    found = limits(environments=KNOWN).judged(context, identity)
    assert (found.environment, bool(found.why)) == (environment, True)


def test_only_the_embedded_cluster_is_the_sandbox() -> None:
    """What it is called does not matter, and nothing else is one."""
    assert limits().judged("prod-eu", "", simulated=True).environment == "sandbox"


def test_protected_namespaces_are_globs() -> None:
    """Matched without regard to case; no namespace at all is not protected."""
    settings = limits(protected_namespaces=("kube-*", "Pay"))
    assert [settings.is_protected(name) for name in ("kube-system", "pay", "shop", "")] == [True, True, False, False]


WEEKLY = "fri 16:00-mon 08:00 UTC"
ONCE = "2026-12-20T00:00:00Z/2027-01-03T00:00:00+01:00"


@pytest.mark.parametrize(
    ("window", "moment", "frozen"),
    [
        (WEEKLY, "2026-11-20T15:59:59Z", False),
        (WEEKLY, "2026-11-20T16:00:00Z", True),
        (WEEKLY, "2026-11-22T23:59:59Z", True),
        (WEEKLY, "2026-11-23T07:59:59Z", True),
        (WEEKLY, "2026-11-23T08:00:00Z", False),
        (WEEKLY, "2026-11-23T09:30:00+02:00", True),
        ("tue 08:00-TUE 18:00 utc", "2026-11-24T12:00:00Z", True),
        ("tue 08:00-tue 18:00 UTC", "2026-11-24T18:00:00Z", False),
        ("tue 08:00-tue 18:00 UTC", "2026-11-25T12:00:00Z", False),
        (ONCE, "2026-12-19T23:59:59Z", False),
        (ONCE, "2026-12-20T00:00:00Z", True),
        (ONCE, "2027-01-02T22:59:59Z", True),
        (ONCE, "2027-01-02T23:00:00Z", False),
    ],
)
def test_freeze_windows(window: str, moment: str, frozen: bool) -> None:
    """A window holds from its first second to the one before its end, in UTC, every week or once."""
    assert limits(freeze=(window,)).is_frozen(from_iso(moment)) is frozen


def test_without_windows_nothing_is_frozen() -> None:
    """And with several, one suffices."""
    moment = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    assert (limits().is_frozen(moment), limits(freeze=(ONCE, WEEKLY)).is_frozen(moment)) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "friday",
        "fri 16:00-mon 08:00",
        "fri 16:00-mon 08:00 CET",
        "fri 16:00-fri 16:00 UTC",
        "fri 24:00-mon 08:00 UTC",
        "xyz 16:00-mon 08:00 UTC",
        "fri 16:00 UTC",
        "2026-12-20/christmas",
        "2027-01-03T00:00:00Z/2026-12-20T00:00:00Z",
    ],
)
def test_a_window_that_cannot_be_read_is_an_error(text: str) -> None:
    """A freeze that nobody understands is not skipped; the hint shows both forms."""
    with pytest.raises(ConfigError) as caught:
        parse_window(text)
    assert ("freeze" in caught.value.message, "fri 16:00-mon 08:00 UTC" in caught.value.hint) == (True, True)


@pytest.mark.parametrize("changed", [{"max_percent": 101}, {"max_percent": -1}, {"max_pods": -1}])
def test_a_cap_that_is_none_is_an_error(changed: dict[str, int]) -> None:
    """More than everything is no limit."""
    with pytest.raises(ConfigError, match=next(iter(changed))):
        limits(**changed)
