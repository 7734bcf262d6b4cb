"""Says whether a key for the model is configured, without importing any SDK.

Comes in: the environment and the provider. Goes out: yes or no; never a key. It looks where the SDK looks, in the same
places, so that a run without a key says so at once and before anything is sent. For clouds the answer is yes: their
own chains (instance roles, metadata servers) can only be asked by asking them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HINT = "Set ANTHROPIC_API_KEY, or run with --no-model for the triage report."
_DIRECT = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE")
_FEDERATED = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")
_IDENTITY = ("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE")


def are_configured(provider: str, environ: Mapping[str, str]) -> bool:
    """Return whether ``provider`` (``anthropic``, ``bedrock``, ``vertex``) has something to authenticate with."""
    if provider != "anthropic" or any(environ.get(name) for name in _DIRECT):
        return True
    if all(environ.get(name) for name in _FEDERATED) and any(environ.get(name) for name in _IDENTITY):
        return True
    return _has_profile(environ)


def _has_profile(environ: Mapping[str, str]) -> bool:
    home = environ.get("HOME", "")
    folder = Path(environ.get("ANTHROPIC_CONFIG_DIR") or Path(home, ".config", "anthropic"))
    try:
        active = (folder / "active_config").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        active = ""
    try:
        return (folder / "configs" / f"{active or 'default'}.json").is_file()
    except (OSError, ValueError):
        return False
