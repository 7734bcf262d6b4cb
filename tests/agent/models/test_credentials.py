"""Whether a key is configured: looked up where the SDK looks, without the SDK."""

from __future__ import annotations

import pytest

from agentops.agent.models.credentials import are_configured


@pytest.mark.parametrize(
    ("environ", "configured"),
    [
        ({}, False),
        ({"ANTHROPIC_API_KEY": ""}, False),
        ({"ANTHROPIC_API_KEY": "k"}, True),
        ({"ANTHROPIC_AUTH_TOKEN": "t"}, True),
        ({"ANTHROPIC_PROFILE": "work"}, True),
        ({"ANTHROPIC_IDENTITY_TOKEN": "t"}, False),
        (
            {
                "ANTHROPIC_IDENTITY_TOKEN": "t",
                "ANTHROPIC_FEDERATION_RULE_ID": "r",
                "ANTHROPIC_ORGANIZATION_ID": "o",
            },
            True,
        ),
    ],
)
def test_environment(environ, configured, tmp_path):
    """Key, token, profile or a whole federation count; empty values and halves do not."""
    assert are_configured("anthropic", {"HOME": str(tmp_path), **environ}) is configured


def test_profile_on_disk(tmp_path):
    """The active profile counts when its file is there."""
    (tmp_path / "configs").mkdir()
    environ = {"ANTHROPIC_CONFIG_DIR": str(tmp_path)}
    before = are_configured("anthropic", environ)
    (tmp_path / "configs" / "default.json").write_text("{}")
    with_default = are_configured("anthropic", environ)
    (tmp_path / "active_config").write_text("other\n")
    assert (before, with_default, are_configured("anthropic", environ)) == (False, True, False)


@pytest.mark.parametrize("provider", ["bedrock", "vertex"])
def test_clouds_are_asked_later(provider):
    """Roles and metadata servers cannot be seen from here."""
    assert are_configured(provider, {}) is True
