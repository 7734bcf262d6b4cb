"""The use cases ``config show`` and ``init``: which settings are in force and who says so; a first config file.

Comes in: settings, or the answers of a person. Goes out: one entry a setting, or the text of a file and the file. A key
of a model is never read into a value, shown or written; where one is found is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.config import SECTIONS, Settings, check_text, key_of, variable_of
from agentops.core.durable_files import replace_file
from agentops.core.errors import StoreError

if TYPE_CHECKING:
    from agentops.config import Folders

_CREDENTIALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
_HEAD = """\
# Settings of agentops. What is in force, and from where: agentops config show --origin
# No key belongs here. The key of the model is read from ANTHROPIC_API_KEY, or from a cloud's own credentials.
"""
_ABOUT = {
    "kubernetes": "Which cluster is used when a command names none.",
    "aws": "Which account of AWS is read, and as whom: docs/aws.md.",
    "model": "Which model is used, and through which provider: docs/models.md.",
    "limits": "What one run may spend.",
    "monitoring": "Where Prometheus, Alertmanager and Loki are; docs/prometheus.md, docs/loki.md.",
    "safety": "read_only = true: no change is ever made.",
    "policy": "What is protected, how much may be touched, and when nothing may change: docs/policy.md.",
    "environments": "Which clusters are not production; written by agentops config environment.",
    "server": "What agentops mcp serve tells of itself: docs/mcp-serve.md.",
    "approvals": "Whether agentops approvals --watch and serve notify on the desktop: docs/approvals.md.",
    "audit": "How the audit log is kept, and for how long: docs/audit.md.",
}
_NO_PRODUCTION = '# "https://10.0.0.7:6443 sha256:CERTIFICATE-AUTHORITIES" = "development"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSetting:
    """One setting in force.

    Arguments:
        key: as it is written in the config file: ``model.id``.
        value: the value, without secrets.
        origin: ``default``, ``file PATH:LINE``, ``env NAME`` or ``option --NAME``.
        variable: the environment variable that can set it; empty where none may.
    """

    key: str
    value: Any
    origin: str
    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsInForce:
    """All settings, the config file, where a key for the model was found (never the key), and what is not followed."""

    settings: tuple[ShownSetting, ...]
    file: Path
    file_exists: bool
    credentials: tuple[str, ...]
    notes: tuple[str, ...] = ()


def settings_in_force(settings: Settings, environ: Mapping[str, str]) -> SettingsInForce:
    """Return each setting with its value and where it comes from."""
    from agentops.redaction.redactor import SecretRedactor

    redactor = SecretRedactor()
    for name in _CREDENTIALS:
        redactor.learn(environ.get(name, ""))
    shown = []
    for name in (name for names in SECTIONS.values() for name in names):
        value = getattr(settings, name)
        plain = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        if isinstance(value, Mapping):
            plain = dict(value)
        source = settings.provenance[name]
        origin = f"option --{name.replace('_', '-')}" if source == "flag" else source
        shown.append(
            ShownSetting(key=key_of(name), value=redactor.value(plain), origin=origin, variable=variable_of(name))
        )
    return SettingsInForce(
        settings=tuple(shown),
        file=settings.folders.config_file,
        file_exists=settings.folders.config_file.exists(),
        credentials=tuple(name for name in _CREDENTIALS if environ.get(name)),
        notes=settings.notes,
    )


def config_text(values: Mapping[str, Any], path: Path, *, with_defaults: bool = False) -> str:
    """Return a config file that sets these fields, by the names of ``Settings``; None leaves a field out.

    Arguments:
        with_defaults: name every other field too, with its default, as a comment.

    Raises:
        ConfigError: a value is impossible.
    """
    parts = [_HEAD]
    for section, names in SECTIONS.items():
        if section == "environments":
            lines = [f"{_toml(place)} = {_toml(said)}" for place, said in (values.get(section) or {}).items()]
            lines += [_NO_PRODUCTION] if with_defaults and not lines else []
        else:
            lines = [_line(name, values[name]) for name in names if values.get(name) is not None]
        if with_defaults and section != "environments":
            others = (name for name in names if values.get(name) is None)
            lines += [f"# {_line(name, Settings.__dataclass_fields__[name].default)}" for name in others]
        if lines:
            parts.append("\n".join([f"# {_ABOUT[section]}", f"[{section}]", *lines, ""]))
    text = "\n".join(parts)
    check_text(text, path)
    return text


def write_config(folders: Folders, text: str) -> Path | None:
    """Write the config file; one that was there is kept as ``.old``, and its path is returned.

    Raises:
        StoreError: it cannot be written.
    """
    path = folders.config_file
    old = path.with_name(path.name + ".old")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = path.read_bytes() if path.exists() else None
        if before is not None:
            replace_file(old, before)
        replace_file(path, text.encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return None if before is None else old


def _line(name: str, value: Any) -> str:
    return f"{key_of(name).partition('.')[2]} = {_toml('' if value is None else value)}"


def _toml(value: Any) -> str:
    """Return a value as TOML, whose texts, numbers and lists are written as in JSON."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
