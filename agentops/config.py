"""``Settings``: every value that a run depends on, and where each one came from.

Comes in: the command line's flags, the environment, and one config file in the user's own config folder. Goes out: a
frozen ``Settings`` with the provenance of each value. A file in the working directory is never read: what a checkout
brings along must not change what agentops may do.

Order, strongest first: flag, environment (``AGENTOPS_*``), ``config.toml``, built-in default. ``read_only`` is the
exception: whoever says yes, wins. What decides about changes (``[policy]``) is read from the file alone.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from agentops.core.errors import ConfigError
from agentops.core.text import one_line
from agentops.core.usage import Limits

DEFAULT_MODEL = "claude-opus-5-5"
PROVIDERS = ("anthropic", "bedrock", "vertex")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
PRODUCTION_CONTEXTS = ("*prod*", "*prd*", "*live*")
# Only names that local clusters give themselves: whatever is not known is treated as production.
DEVELOPMENT_CONTEXTS = (
    "kind-*", "k3d-*", "minikube", "docker-desktop", "docker-for-desktop", "rancher-desktop", "orbstack", "colima",
)  # fmt: skip
PROTECTED_NAMESPACES = (
    "kube-system", "kube-public", "kube-node-lease", "agentops*",
    "openshift-*", "gke-*", "calico-system", "tigera-operator", "cert-manager", "istio-system", "argocd", "flux-system",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where agentops keeps things; ``AGENTOPS_HOME`` puts all of them under one folder."""

    config: Path
    data: Path
    cache: Path

    @property
    def incidents(self) -> Path:
        """One folder per incident."""
        return self.data / "incidents"

    @property
    def audit(self) -> Path:
        """The audit chain."""
        return self.data / "audit"

    @property
    def keys(self) -> Path:
        """The user's own approver key."""
        return self.config / "keys"

    @property
    def approvers(self) -> Path:
        """Whose approvals count here."""
        return self.config / "approvers.toml"

    @property
    def config_file(self) -> Path:
        """The one settings file."""
        return self.config / "config.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one run.

    ``provenance`` says for each field ``flag``, ``env NAME``, ``file PATH:LINE`` or ``default``.
    """

    folders: Folders
    context: str | None = None
    namespace: str | None = None
    kubeconfig: Path | None = None
    model: str = DEFAULT_MODEL
    provider: str = "anthropic"
    effort: str = "medium"
    thinking: bool = True
    caching: bool = True
    attempts: int = 4
    region: str = ""
    project: str = ""
    max_steps: int = Limits().steps
    max_tokens: int = Limits().tokens
    max_usd: float = Limits().usd
    max_seconds: float = Limits().seconds
    excerpt_chars: int = 6000
    read_only: bool = False
    cluster_lease: str = ""
    audit_retention_days: int = 365
    audit_forward_secure: bool = False
    audit_segment_mib: int = 64
    audit_keep_days: int = 0
    production_contexts: tuple[str, ...] = PRODUCTION_CONTEXTS
    staging_contexts: tuple[str, ...] = ()
    development_contexts: tuple[str, ...] = DEVELOPMENT_CONTEXTS
    protected_namespaces: tuple[str, ...] = PROTECTED_NAMESPACES
    freeze: tuple[str, ...] = ()
    max_pods: int = 20
    max_percent: int = 50
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """The run's budgets."""
        return Limits(steps=self.max_steps, tokens=self.max_tokens, usd=self.max_usd, seconds=self.max_seconds)

    @property
    def policy(self) -> dict[str, Any]:
        """The ``[policy]`` section: what ``guard.policy.settings_of`` takes."""
        return {name: getattr(self, name) for name in SECTIONS["policy"]}


SECTIONS = {
    "kubernetes": ("context", "namespace", "kubeconfig"),
    "model": ("model", "provider", "effort", "thinking", "caching", "attempts", "region", "project"),
    "limits": ("max_steps", "max_tokens", "max_usd", "max_seconds", "excerpt_chars"),
    "safety": ("read_only", "cluster_lease"),
    "policy": (
        "production_contexts",
        "staging_contexts",
        "development_contexts",
        "protected_namespaces",
        "freeze",
        "max_pods",
        "max_percent",
    ),
    "audit": ("audit_retention_days", "audit_forward_secure", "audit_segment_mib", "audit_keep_days"),
}
"""The sections of the config file, and the fields that each one sets; ``model`` is written ``id`` there."""
_HEADER = re.compile(r"\s*\[\s*[\"']?([\w-]+)[\"']?\s*\]")
_KEY = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*=")
_CHOICES = {"provider": PROVIDERS, "effort": EFFORTS}
_POSITIVE = ("attempts", "max_steps", "max_tokens", "max_usd", "max_seconds", "excerpt_chars", "audit_segment_mib")
FILE_ONLY = ("audit_keep_days", "cluster_lease", *SECTIONS["policy"])
"""What no environment variable says: a variable that a shell, a job or a checkout sets must not say what production is,
nor have records dropped, nor lead a run past everybody else's lease."""
# S3 takes no longer lock than that; 0 asks for none, and in the other drops nothing.
_MAX_DAYS = {"audit_retention_days": 36_500, "audit_keep_days": 36_500}


def load(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Return the settings of this run.

    Arguments:
        flags: values given on the command line by field name; None means not given.
        environ: the process environment.

    Raises:
        ConfigError: an unknown key, a wrong type or an impossible value; the message says where it stands.
    """
    places = folders(environ)
    values: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    layers = (_from_file(places.config_file), _from_environ(environ), {k: (v, "flag") for k, v in flags.items()})
    for layer in layers:
        for name, (value, source) in layer.items():
            if value is None or (name == "read_only" and values.get(name)):
                continue
            values[name] = _typed(name, value, source)
            provenance[name] = source
    settings = Settings(folders=places, **values)
    names = [f.name for f in fields(Settings) if f.name not in ("folders", "provenance")]
    return replace(settings, provenance={name: provenance.get(name, "default") for name in names})


def folders(environ: Mapping[str, str]) -> Folders:
    """Return where things are kept: under ``AGENTOPS_HOME``, else the platform's own directories."""
    home = environ.get("AGENTOPS_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Folders(config=root, data=root, cache=root / "cache")
    import platformdirs

    return Folders(
        config=Path(platformdirs.user_config_dir("agentops")),
        data=Path(platformdirs.user_data_dir("agentops")),
        cache=Path(platformdirs.user_cache_dir("agentops")),
    )


def _from_environ(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for names in SECTIONS.values():
        for name in names:
            variable = variable_of(name)
            if variable and environ.get(variable):
                found[name] = (environ[variable], f"env {variable}")
    return found


def variable_of(name: str) -> str:
    """Return the environment variable that sets a field; empty where none may."""
    return "" if name in FILE_ONLY else f"AGENTOPS_{name.upper()}"


def key_of(name: str) -> str:
    """Return how a field is written in the config file: ``model.id``."""
    section = next(section for section, names in SECTIONS.items() if name in names)
    return f"{section}.{'id' if name == 'model' else name}"


def check_text(text: str, path: Path) -> None:
    """Raise unless ``text`` could be the config file at ``path``.

    Raises:
        ConfigError: an unknown key, a wrong type or an impossible value.
    """
    for name, (value, source) in _from_text(text, path).items():
        _typed(name, value, source)


def _from_file(path: Path) -> dict[str, tuple[Any, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {one_line(str(error))}", hint="Fix or remove the file.") from error
    return _from_text(text, path)


def _from_text(text: str, path: Path) -> dict[str, tuple[Any, str]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} cannot be read: {one_line(str(error))}", hint="Fix or remove the file.") from error
    found: dict[str, tuple[Any, str]] = {}
    for section, entries in document.items():
        if section not in SECTIONS or not isinstance(entries, dict):
            known = ", ".join(f"[{name}]" for name in SECTIONS)
            raise ConfigError(f"{path}: unknown section [{one_line(section, 40)}]", hint=f"The sections are {known}.")
        for key, value in entries.items():
            name = "model" if (section, key) == ("model", "id") else key
            if name not in SECTIONS[section]:
                known = ", ".join(SECTIONS[section])
                raise ConfigError(f"{path}: unknown key {section}.{one_line(key, 40)}", hint=f"The keys are {known}.")
            found[name] = (value, f"file {path}{_line_of(text, section, key)}")
    return found


def _line_of(text: str, section: str, key: str) -> str:
    """Return ``:LINE`` where a key stands; empty where it is written in a way that a look at the lines does not see."""
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            here = header[1]
        elif (found := _KEY.match(line)) and (here, found[1]) in ((section, key), ("", f"{section}.{key}")):
            return f":{number}"
    return ""


def _typed(name: str, value: Any, source: str) -> Any:
    """Return ``value`` as the field's type, from TOML's types or from environment text."""
    default = Settings.__dataclass_fields__[name].default
    shown = one_line(str(value), 60)
    said = f"--{name.replace('_', '-')} {shown}" if source == "flag" else f"{name} = {shown!r} ({source})"
    try:
        converted = _convert(name, value, type(default))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{said} {error}") from error
    if name in _CHOICES and converted not in _CHOICES[name]:
        raise ConfigError(f"{said} is not one of {', '.join(_CHOICES[name])}")
    if name in _POSITIVE and not converted > 0:
        raise ConfigError(f"{said} must be more than zero")
    if name in _MAX_DAYS and not 0 <= converted <= _MAX_DAYS[name]:
        raise ConfigError(f"{said} must be from 0 to {_MAX_DAYS[name]}")
    return converted


def _convert(name: str, value: Any, kind: type) -> Any:
    if name == "kubeconfig":
        return Path(str(value)).expanduser()
    if kind is bool:
        return value if isinstance(value, bool) else _truth(name, str(value).lower())
    if kind in (int, float):
        return _number(value, kind)
    if kind is tuple:
        return _texts(value)
    if not isinstance(value, str):
        raise TypeError("is not text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise TypeError("is not a list of texts")
    return tuple(value)


def _truth(name: str, word: str) -> bool:
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    # An unreadable wish for safety is a wish for safety.
    if name == "read_only":
        return True
    raise ValueError("is not true or false")


def _number(value: Any, kind: type) -> Any:
    try:
        number = kind(None if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("is not a number") from None
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def process_environ() -> Mapping[str, str]:
    """Return the environment of this process, the default for ``load``."""
    return os.environ
