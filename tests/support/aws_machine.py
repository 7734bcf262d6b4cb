"""The environment of a machine without any setting of AWS but those that a test makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def without_aws(monkeypatch: pytest.MonkeyPatch, folder: Path, *, key: bool = False) -> None:
    """Take every setting of AWS out of the environment; its files are looked for in ``folder``.

    Arguments:
        key: whether it has a user's key, ``AKIAUSER``.
    """
    for name in [one for one in os.environ if one.startswith(("AWS_", "AGENTOPS_AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    if key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSER")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-user")
