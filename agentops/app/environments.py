"""The use case ``config environment``: which environment a place is, why, and a person's word that it is another one.

Comes in: settings, a place's name. Goes out: how it is judged; the config file with one more line. Nothing is sent to
the place. What is written is bound to the place's server and certificate authorities, never to its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentops.app.audit_run import record
from agentops.app.connecting import provider_options
from agentops.app.providers import PROVIDERS
from agentops.config import CONFIG_FILE, check_text, file_values, load, process_environ
from agentops.core.durable_files import make_folder, replace_file
from agentops.core.errors import ConfigError, StoreError, UsageError
from agentops.core.own_files import read_own
from agentops.core.place_identity import PlaceIdentity
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings

_HEADER = re.compile(r"\s*\[environments\]\s*(#.*)?")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceEnvironment:
    """How a place is judged.

    Arguments:
        place: its name on this machine.
        identity: what proves which place it is; empty where nothing does.
        environment, why: what it counts as, and the reason in words.
        file: where a person says otherwise.
    """

    place: str
    identity: str
    environment: str
    why: str
    file: str


def identity_of(settings: Settings, place: str) -> PlaceIdentity | None:
    """Return what proves the place that the settings call ``place``; empty: where they lead; None for none."""
    options = provider_options(settings, None)
    found = (one.identify(options, place) for one in PROVIDERS if not one.is_witness)
    return next((one for one in found if one is not None), None)


def judged(settings: Settings) -> PlaceEnvironment:
    """Return how the place of the settings is judged.

    Raises:
        UsageError: the settings name no place.
    """
    from agentops.policy import settings_of

    identity = _required(settings)
    found = settings_of(settings.policy).judged(identity.place, identity.key)
    file = settings.folders.deciding / CONFIG_FILE
    return PlaceEnvironment(
        place=identity.place, identity=identity.key, environment=found.environment, why=found.why, file=str(file)
    )


def set_environment(settings: Settings, environment: str) -> PlaceEnvironment:
    """Write a person's word of what the place of the settings is into their own config file; return how it counts now.

    Raises:
        UsageError: the settings name no place, or nothing proves which one it is.
        ConfigError: a variable leads to a folder in which it would not count, or the file cannot be used.
        AuditError, StoreError: it could not be recorded or written.
    """
    folders = settings.folders
    folders.require_deciding("what is said of an environment")
    found = _required(settings)
    place, identity = found.place, found.key
    if not identity:
        raise UsageError(
            f"nothing proves which cluster {one_line(place, 80)!r} is, so it stays production",
            hint="Its kubeconfig needs an https server that is checked (certificate-authority).",
        )
    path = folders.deciding / CONFIG_FILE
    text = _with_line((read_own(path, _MOST_BYTES) or b"").decode("utf-8"), identity, environment)
    check_text(text, path)
    record(settings, "environment_set", {"place": place, "identity": identity, "environment": environment})
    try:
        make_folder(path.parent)
        replace_file(path, text.encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    if file_values(path).get("environments", {}).get(identity) != environment:
        raise ConfigError(
            f"{path} has [environments] in a form that is not edited here",
            hint=f"Write it by hand: {_line(identity, environment)}",
        )
    flags = {"context": settings.context, "kubeconfig": settings.kubeconfig}
    return judged(load(flags, process_environ()))


def _required(settings: Settings) -> PlaceIdentity:
    found = identity_of(settings, settings.context or "")
    if found is None:
        named = f"the context {one_line(settings.context, 80)!r}" if settings.context else "a cluster"
        raise UsageError(f"no kubeconfig leads to {named}", hint="Name it with --context NAME and --kubeconfig FILE.")
    return found


def _line(identity: str, environment: str) -> str:
    return f"{json.dumps(identity)} = {json.dumps(environment)}"


def _with_line(text: str, identity: str, environment: str) -> str:
    """Return the text of a config file that says this of a place."""
    lines = [line for line in text.splitlines() if not line.strip().startswith(json.dumps(identity))]
    at = next((number for number, line in enumerate(lines) if _HEADER.fullmatch(line)), None)
    if at is None:
        return "\n".join([*lines, *([""] if lines else []), *_section(), _line(identity, environment), ""])
    return "\n".join([*lines[: at + 1], _line(identity, environment), *lines[at + 1 :], ""])


def _section() -> Iterator[str]:
    yield "# Which clusters are not production, by server and certificate authorities: agentops config environment"
    yield "[environments]"
