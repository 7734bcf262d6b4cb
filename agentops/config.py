"""``Settings``: every value that a run depends on, and where each one came from.

Comes in: the command line's flags, the environment, the organisation's config file in ``/etc/agentops``, and one in the
user's own config folder. Goes out: a frozen ``Settings`` with the provenance of each value. A file in the working
directory is never read: what a checkout brings along must not change what agentops may do.

Order, strongest first: ``/etc/agentops/config.toml``, flag, environment (``AGENTOPS_*``), ``config.toml``, built-in
default. What decides about changes (``DECIDING``) is said by ``/etc/agentops`` or by the user's own config folder,
which no variable names; whatever else is read can only be stricter (``core/stricter.py``).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agentops.core.errors import ConfigError
from agentops.core.foreign_documents import read_toml
from agentops.core.own_files import NotOwn, all_not_own, read_own
from agentops.core.own_places import SYSTEM_FOLDER, is_same_folder, own_config_folder
from agentops.core.source_place import SourcePlace, place_at
from agentops.core.stricter import DECIDING, ENVIRONMENTS, IN_BAND, KEPT, Said, in_force
from agentops.core.text import one_line
from agentops.core.usage import Limits

DEFAULT_MODEL = "claude-opus-5-5"
PROVIDERS = ("anthropic", "bedrock", "vertex")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
PRODUCTION_CONTEXTS = ("*prod*", "*prd*", "*live*")
PROTECTED_NAMESPACES = (
    "kube-system", "kube-public", "kube-node-lease", "agentops*",
    "openshift-*", "gke-*", "calico-system", "tigera-operator", "cert-manager", "istio-system", "argocd", "flux-system",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where agentops keeps things; ``AGENTOPS_HOME`` puts all of them under one folder.

    Arguments:
        own: the user's own config folder, which no variable names.
        system: the organisation's folder.
        led_by: the variable that leads ``config`` to another folder than ``own``; empty where none does.
    """

    config: Path
    data: Path
    cache: Path
    own: Path
    system: Path = SYSTEM_FOLDER
    led_by: str = ""

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
        """Whose approvals count here; no variable leads to another file."""
        return self.deciding / "approvers.toml"

    @property
    def mcp_servers(self) -> Path:
        """The MCP servers that the user has connected."""
        return self.config / "mcp.json"

    @property
    def mcp_pins(self) -> Path:
        """What the user has trusted of those servers."""
        return self.config / "mcp-pins.json"

    @property
    def mcp_imports(self) -> Path:
        """Which files of other MCP clients were imported, by digest."""
        return self.config / "mcp-imports.json"

    @property
    def deciding(self) -> Path:
        """The user's folder whose word counts about changes."""
        return self.own if self.led_by else self.config

    @property
    def config_file(self) -> Path:
        """The user's settings file."""
        return self.config / CONFIG_FILE

    def require_deciding(self, what: str) -> None:
        """Raise where a variable leads to a folder in which ``what`` would not count.

        Raises:
            ConfigError: it would not; the hint says where it does.
        """
        if self.led_by:
            raise ConfigError(
                f"{what} in {self.config} does not count: {self.led_by} leads there, and a variable must not decide "
                "what may be changed",
                hint=f"It counts in {self.own} (unset {self.led_by}) and in {self.system}, which is root's",
                code="not-deciding",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one run.

    ``provenance`` says for each field ``flag``, ``env NAME``, ``file PATH:LINE`` or ``default``. ``again`` reads them
    once more, from the same flags and environment and from the files as they are now.
    ``notes`` are what somebody said and is not followed, in words.
    """

    folders: Folders
    context: str | None = None
    namespace: str | None = None
    kubeconfig: Path | None = None
    namespaces: tuple[str, ...] = ()
    cluster_kinds: tuple[str, ...] = ()
    change_context: str = ""
    change_account: str = ""
    rules: tuple[str, ...] = ()
    analyzers: tuple[str, ...] = ()
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
    max_read_mib: int = 4096
    max_memory_mib: int = 768
    read_only: bool = False
    cluster_lease: str = ""
    disabled_tools: tuple[str, ...] = ()
    allow_cluster_admin: tuple[str, ...] = ()
    confirm_in_band: str = "never"
    prometheus_url: str = ""
    prometheus_auth: str = ""
    alertmanager_url: str = ""
    alertmanager_auth: str = ""
    loki_url: str = ""
    loki_auth: str = ""
    loki_tenant: str = ""
    monitoring_ca_file: str = ""
    aws_profile: str = ""
    aws_region: str = ""
    aws_role: str = ""
    aws_insights_gib: float = 5.0
    aws_plan_session: bool = True
    desktop_notifications: bool = False
    otel: bool = False
    audit_retention_days: int = 365
    audit_forward_secure: bool = False
    audit_segment_mib: int = 64
    audit_keep_days: int = 0
    production_contexts: tuple[str, ...] = PRODUCTION_CONTEXTS
    protected_namespaces: tuple[str, ...] = PROTECTED_NAMESPACES
    freeze: tuple[str, ...] = ()
    max_pods: int = 20
    max_percent: int = 50
    environments: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    again: Callable[[], Settings] | None = field(default=None, compare=False, repr=False)

    @property
    def limits(self) -> Limits:
        """The run's budgets."""
        return Limits(steps=self.max_steps, tokens=self.max_tokens, usd=self.max_usd, seconds=self.max_seconds)

    @property
    def policy(self) -> dict[str, Any]:
        """What ``policy.settings_of`` takes: the ``[policy]`` section, and the environments of places."""
        return {name: getattr(self, name) for name in (*SECTIONS["policy"], "environments")}


SECTIONS = {
    "kubernetes": (
        "context",
        "namespace",
        "kubeconfig",
        "namespaces",
        "cluster_kinds",
        "change_context",
        "change_account",
        "rules",
        "analyzers",
    ),
    "model": ("model", "provider", "effort", "thinking", "caching", "attempts", "region", "project"),
    "limits": (
        "max_steps",
        "max_tokens",
        "max_usd",
        "max_seconds",
        "excerpt_chars",
        "max_read_mib",
        "max_memory_mib",
    ),
    "monitoring": (
        "prometheus_url",
        "prometheus_auth",
        "alertmanager_url",
        "alertmanager_auth",
        "loki_url",
        "loki_auth",
        "loki_tenant",
        "monitoring_ca_file",
    ),
    "aws": ("aws_profile", "aws_region", "aws_role", "aws_insights_gib", "aws_plan_session"),
    "safety": ("read_only", "cluster_lease", "disabled_tools", "allow_cluster_admin", "confirm_in_band"),
    "policy": ("production_contexts", "protected_namespaces", "freeze", "max_pods", "max_percent"),
    "environments": ("environments",),
    "approvals": ("desktop_notifications",),
    "server": ("otel",),
    "audit": ("audit_retention_days", "audit_forward_secure", "audit_segment_mib", "audit_keep_days"),
}
"""The sections of the config file, and the fields that each one sets; ``model`` is written ``id`` there, and
``environments`` is the whole section: a place's identity, and its environment."""
_RETIRED = ("staging_contexts", "development_contexts")
CONFIG_FILE = "config.toml"
_MOST_BYTES = 1 << 20
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HEADER = re.compile(r"\s*\[\s*[\"']?([\w-]+)[\"']?\s*\]")
_KEY = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*=")
_CHOICES = {"provider": PROVIDERS, "effort": EFFORTS, "confirm_in_band": IN_BAND}
_POSITIVE = (
    "attempts", "max_steps", "max_tokens", "max_usd", "max_seconds", "excerpt_chars", "audit_segment_mib",
    "max_read_mib", "max_memory_mib", "aws_insights_gib",
)  # fmt: skip
_ADDRESSES = ("prometheus_url", "alertmanager_url", "loki_url")
_CREDENTIALS = ("prometheus_auth", "alertmanager_auth", "loki_auth")
_CREDENTIAL = re.compile(r"(?:bearer|basic) (?:env:[A-Za-z_][A-Za-z0-9_]*|file:[/~].+)")
FILE_ONLY = (
    "allow_cluster_admin", "analyzers", "audit_keep_days", "aws_plan_session", "change_account", "change_context",
    "cluster_kinds", "cluster_lease", "confirm_in_band", "disabled_tools", "environments", "namespaces", "otel",
    "rules", *SECTIONS["policy"],
)  # fmt: skip
"""What no environment variable says: a variable that a shell, a job or a checkout sets must not say what production is,
nor have records dropped, nor lead a run past everybody else's lease or out of the namespaces that are allowed, nor have
an installed package's code run."""
# S3 takes no longer lock than that; 0 asks for none, and in the other drops nothing.
_MAX_DAYS = {"audit_retention_days": 36_500, "audit_keep_days": 36_500}


def load(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    system: Path = SYSTEM_FOLDER,
    untrusted: list[NotOwn] | None = None,
) -> Settings:
    """Return the settings of this run.

    Arguments:
        flags: values given on the command line by field name; None means not given.
        environ: the process environment.
        system: the organisation's folder.
        untrusted: where the settings are only shown: a file that others may have written is left out, and why is
            appended here. Nothing may be done with such settings.

    Raises:
        NotOwn: others may have written a file; the message names all that is wrong on the way to what a run rests on.
        ConfigError: an unknown key, a wrong type or an impossible value; the message says where it stands. Or a flag
            says otherwise than the organisation's file.
    """
    places = folders(environ, system=system)
    layers = _Layers(
        system=_trusted(places.system / CONFIG_FILE, places, untrusted, root_only=True),
        own=_trusted(places.deciding / CONFIG_FILE, places, untrusted),
        led=_trusted(places.config_file, places, untrusted) if places.led_by else {},
        environ=_from_environ(environ),
        flags={name: _Given(value, "flag") for name, value in flags.items()},
    )
    values: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    for name in (name for names in SECTIONS.values() for name in names):
        found = layers.decided(name) if name in DECIDING else layers.ordinary(name, is_led=bool(places.led_by))
        if found is not None:
            values[name], provenance[name] = found.value, found.source
    drawn, beside = (provenance.get(name, "") for name in ("namespaces", "cluster_kinds"))
    # Who draws the boundary says what is beside it.
    if drawn and beside and _file_of(drawn) != _file_of(beside):
        del values["cluster_kinds"], provenance["cluster_kinds"]
    _require_own_credentials(provenance)
    settings = Settings(folders=places, notes=tuple(layers.notes), **values)
    kept = ("folders", "provenance", "again", "notes")
    names = [f.name for f in fields(Settings) if f.name not in kept]
    return replace(
        settings,
        provenance={name: provenance.get(name, "default") for name in names},
        again=lambda: load(flags, environ, system=system),
    )


def _file_of(source: str) -> str:
    return source.rpartition(":")[0]


def folders(environ: Mapping[str, str], *, system: Path = SYSTEM_FOLDER) -> Folders:
    """Return where things are kept: under ``AGENTOPS_HOME``, else the platform's own directories."""
    own, home = own_config_folder(), environ.get("AGENTOPS_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        led_by = "" if is_same_folder(root, own) else "AGENTOPS_HOME"
        return Folders(config=root, data=root, cache=root / "cache", own=own, system=system, led_by=led_by)
    import platformdirs

    config = Path(platformdirs.user_config_dir("agentops"))
    variable = "XDG_CONFIG_HOME" if os.environ.get("XDG_CONFIG_HOME") else "HOME"
    return Folders(
        config=config,
        data=Path(platformdirs.user_data_dir("agentops")),
        cache=Path(platformdirs.user_cache_dir("agentops")),
        own=own,
        system=system,
        led_by="" if is_same_folder(config, own) else variable,
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """A value as somebody gave it, who did, and where in the config file it stands."""

    value: Any
    source: str
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layers:
    """What each source says, by field: the organisation's file, the user's own, the one that a variable leads to."""

    system: Mapping[str, _Given]
    own: Mapping[str, _Given]
    led: Mapping[str, _Given]
    environ: Mapping[str, _Given]
    flags: Mapping[str, _Given]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for layer in (self.system, self.own, self.led):
            for name in (name for name in _RETIRED if name in layer):
                given = layer[name]
                said = "a name says nothing of a cluster any more; agentops config environment says it of the cluster"
                self.notes.append(f"{given.place or given.source}: {name} is not followed: {said}")

    def ordinary(self, name: str, *, is_led: bool) -> Said | None:
        """Return the strongest word: the organisation's, a flag, the environment, the user's file."""
        found: Said | None = None
        for layer in (self.led if is_led else self.own, self.environ, self.flags, self.system):
            given = layer.get(name)
            if given is None or given.value is None:
                continue
            now = Said(_typed(name, given), given.source, decides=True)
            if found is not None and layer is self.system and found.value != now.value:
                self._overruled(name, found, now)
            found = now
        return found

    def _overruled(self, name: str, found: Said, now: Said) -> None:
        where = now.source.removeprefix("file ")
        if found.source == "flag":
            raise ConfigError(
                f"--{name.replace('_', '-')} says otherwise than {where}, which is your organisation's",
                hint="Leave out the option.",
            )
        self.notes.append(f"{found.source.removeprefix('file ')}: {key_of(name)} is not followed: {where} decides it")

    def decided(self, name: str) -> Said | None:
        """Return what is in force of a setting that decides about changes."""
        said = []
        for layer, decides in ((self.system, True), (self.own, True), *((one, False) for one in self._weaker)):
            given = layer.get(name)
            if given is not None and given.value is not None:
                said.append(Said(_typed(name, given), given.source, decides=decides))
        if not said:
            return None
        found = in_force(name, said, _default(name))
        strongest = next((one for one in said if one.decides), None)
        for one in said:
            is_laxer = (name in _BOUNDS and one.value > found.value) or (name in KEPT and one.value != found.value)
            if is_laxer and one is not strongest:
                where = found.source.removeprefix("file ")
                where = f"{where} decides it" if found.source != "default" else "nothing there may permit more"
                self.notes.append(f"{one.source.removeprefix('file ')}: {key_of(name)} is not followed: {where}")
        return found

    @property
    def _weaker(self) -> tuple[Mapping[str, _Given], ...]:
        return self.led, self.environ, self.flags


_BOUNDS = ("max_pods", "max_percent")


def _default(name: str) -> Any:
    return {} if name == "environments" else Settings.__dataclass_fields__[name].default


def _from_environ(environ: Mapping[str, str]) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    for names in SECTIONS.values():
        for name in names:
            variable = variable_of(name)
            if variable and environ.get(variable):
                found[name] = _Given(environ[variable], f"env {variable}")
    return found


def variable_of(name: str) -> str:
    """Return the environment variable that sets a field; empty where none may."""
    return "" if name in FILE_ONLY else f"AGENTOPS_{name.upper()}"


def key_of(name: str) -> str:
    """Return how a field is written in the config file: ``model.id``."""
    section = next(section for section, names in SECTIONS.items() if name in names)
    if name == "environments":
        return name
    return f"{section}.{'id' if name == 'model' else name}"


def check_text(text: str, path: Path) -> None:
    """Raise unless ``text`` could be the config file at ``path``.

    Raises:
        ConfigError: an unknown key, a wrong type or an impossible value.
    """
    for name, given in _from_text(text, path).items():
        if name not in _RETIRED:
            _typed(name, given)


def setting_place(settings: Settings, name: str) -> SourcePlace | None:
    """Return where in the config file a setting stands; None where another source gave it."""
    if not settings.provenance.get(name, "").startswith("file "):
        return None
    places = settings.folders
    for folder, root_only in ((places.system, True), (places.deciding, False), (places.config, False)):
        given = _from_file(folder / CONFIG_FILE, root_only=root_only).get(name)
        if given is not None and given.source == settings.provenance[name]:
            return given.place
    return None


def file_values(path: Path) -> dict[str, Any]:
    """Return what one config file says, by the names of ``Settings``.

    Raises:
        ConfigError: an unknown key, a wrong type or an impossible value.
    """
    return {name: _typed(name, given) for name, given in _from_file(path).items() if name not in _RETIRED}


def _trusted(
    path: Path, places: Folders, untrusted: list[NotOwn] | None, *, root_only: bool = False
) -> Mapping[str, _Given]:
    """Return what a file says; see ``load`` for one that is not trusted."""
    try:
        return _from_file(path, root_only=root_only)
    except NotOwn as error:
        if not root_only:
            files = (path, places.deciding / CONFIG_FILE, places.config_file, places.deciding / "policy.cedar")
            error = all_not_own(error, files, places.data)
        if untrusted is None:
            raise error from None
        if error.message not in {one.message for one in untrusted}:
            untrusted.append(error)
        return {}


def _from_file(path: Path, *, root_only: bool = False) -> dict[str, _Given]:
    data = read_own(path, _MOST_BYTES, root_only=root_only)
    if data is None:
        return {}
    try:
        return _from_text(data.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error


def _from_text(text: str, path: Path) -> dict[str, _Given]:
    try:
        document = read_toml(text)
    except ValueError as error:
        raise _not_toml(text, path, error) from error
    found: dict[str, _Given] = {}
    for section, entries in document.items():
        if section not in SECTIONS or not isinstance(entries, dict):
            known = ", ".join(f"[{name}]" for name in SECTIONS)
            what = f"unknown section [{one_line(section, 40)}]"
            raise _wrong(path, _place_in(text, path, section), what, f"The sections are {known}.")
        if section == "environments":
            place = _place_in(text, path, section)
            found[section] = _Given(entries, f"file {path}{f':{place.line}' if place else ''}", place)
            continue
        for key, value in entries.items():
            name = "model" if (section, key) == ("model", "id") else key
            place = _place_in(text, path, section, key)
            if name not in SECTIONS[section] and not (section == "policy" and name in _RETIRED):
                keys = ("id" if name == "model" else name for name in SECTIONS[section])
                what = f"unknown key {section}.{one_line(key, 40)}"
                raise _wrong(path, place, what, f"The keys of [{section}] are {', '.join(keys)}.")
            found[name] = _Given(value, f"file {path}{f':{place.line}' if place else ''}", place)
    return found


def _not_toml(text: str, path: Path, error: ValueError) -> ConfigError:
    """Return the parser's complaint with its place; the parser tells that only in words."""
    said = str(error)
    place = None
    if found := _TOML_PLACE.search(said):
        said = said[: found.start()]
        line, column = (int(found[1]), int(found[2])) if found[1] else (text.count("\n") + 2, 1)
        place = place_at(str(path), text, line, column)
    return _wrong(path, place, f"not valid TOML: {one_line(said)}", "Correct it, or write a new file: agentops init")


def _wrong(path: Path, place: SourcePlace | None, what: str, hint: str) -> ConfigError:
    return ConfigError(f"{place or path}: {what}", hint=hint, place=place)


def _place_in(text: str, path: Path, section: str, key: str = "") -> SourcePlace | None:
    """Return where a section or one of its keys stands; None where it is written in a way that is not looked for."""
    here = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            here = header[1]
            if not key and here == section:
                return place_at(str(path), text, number, header.start(1) + 1)
        elif found := _KEY.match(line):
            wanted = ((section, key), ("", f"{section}.{key}")) if key else (("", section),)
            if (here, found[1]) in wanted:
                return place_at(str(path), text, number, found.start(1) + 1)
    return None


def _typed(name: str, given: _Given) -> Any:
    """Return a value as the field's type, from TOML's types or from environment text."""
    try:
        converted = _convert(name, given.value, type(_default(name)))
        _check(name, converted)
    except (TypeError, ValueError) as error:
        shown, where = one_line(str(given.value), 60), given.place or given.source
        flagged = given.source == "flag"
        said = f"--{name.replace('_', '-')} {shown}" if flagged else f"{where}: {name} = {shown!r}"
        raise ConfigError(f"{said} {error}", place=given.place) from error
    return converted


def _check(name: str, value: Any) -> None:
    """Raise unless the value is possible."""
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"is not one of {', '.join(_CHOICES[name])}")
    if name in _ADDRESSES and value:
        _check_address(name, value)
    if name in _CREDENTIALS and value and not _CREDENTIAL.fullmatch(value):
        # What stands there may be the secret itself, so it is not repeated.
        hint = f'{name} = "bearer env:NAME", "bearer file:/PATH"; "basic ..." with the same, for USER:PASSWORD.'
        raise ConfigError(f"{name} does not say where a credential is", hint=hint)
    if name in _POSITIVE and not value > 0:
        raise ValueError("must be more than zero")
    if name in _MAX_DAYS and not 0 <= value <= _MAX_DAYS[name]:
        raise ValueError(f"must be from 0 to {_MAX_DAYS[name]}")


def _check_address(name: str, url: str) -> None:
    """Raise unless an address can be shown to everybody and asked.

    Raises:
        ConfigError: it holds a password; it is not repeated.
        ValueError: it is no address.
    """
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise ValueError("is no address") from None
    if parts.username is not None or parts.password is not None:
        hint = f'Name where they are: {name.removesuffix("_url")}_auth = "basic env:NAME"'
        raise ConfigError(f"{name} holds a user or a password", hint=hint)
    if parts.scheme not in ("http", "https") or not has_host or not url.isprintable() or " " in url:
        raise ValueError("is not an address such as https://prometheus.example:9090")
    if parts.query or parts.fragment:
        raise ValueError("has a query or a fragment: give the server's address alone")


def _require_own_credentials(provenance: Mapping[str, str]) -> None:
    """Raise where a credential of one source would be sent to the address of another.

    A variable that a checkout or a job sets must not lead what the config file names to a server of its own.
    """
    for auth in _CREDENTIALS:
        url = auth.replace("_auth", "_url")
        if auth in provenance and url in provenance:
            sources = [provenance[name].partition(" ")[0] for name in (auth, url)]
            if sources[0] != sources[1]:
                raise ConfigError(
                    f"{auth} ({provenance[auth]}) is not sent to {url} of another source ({provenance[url]})",
                    hint="Set both in config.toml, or both in the environment.",
                )


def _convert(name: str, value: Any, kind: type) -> Any:
    if name == "kubeconfig":
        return Path(str(value)).expanduser()
    if kind is bool:
        return value if isinstance(value, bool) else _truth(name, str(value).lower())
    if kind in (int, float):
        return _number(value, kind)
    if kind is tuple:
        return _texts(value)
    if kind is dict:
        return _environments(value)
    if not isinstance(value, str):
        raise TypeError("is not text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise TypeError("is not a list of texts")
    return tuple(value)


def _environments(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError("is not a table of places and environments")
    for place, environment in value.items():
        if environment not in ENVIRONMENTS:
            said = one_line(str(environment), 40)
            raise ValueError(f"says {said!r} of {one_line(place, 120)}, which is none of {', '.join(ENVIRONMENTS)}")
    return dict(value)


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
