"""The policy files, read from disk. The only I/O of this package besides the texts that it ships.

Comes in: where a file may stand. Goes out: layers. A file that exists and cannot be trusted (unreadable, not a plain
file, in the hands of others) is an error, never skipped: skipping a forbid would be a permission.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from agentops.core.commands import quoted
from agentops.core.errors import ConfigError
from agentops.core.own_files import read_own
from agentops.core.own_places import SYSTEM_FOLDER
from agentops.policy.layers import LayerKind, PolicyLayer
from agentops.policy.limits import MOST_BYTES

USER_FILE = "policy.cedar"
PROJECT_FILE = Path(".agentops/policy.cedar")
ORGANISATION_VARIABLE = "AGENTOPS_ORG_POLICY"


def read_layers(
    own: Path, *, environ: Mapping[str, str], directory: Path, system: Path = SYSTEM_FOLDER, led: Path | None = None
) -> tuple[PolicyLayer, ...]:
    """Return the layers that stand in files.

    Arguments:
        own: the user's own config folder, which may hold ``policy.cedar``.
        environ: may name a further organisation file in ``AGENTOPS_ORG_POLICY``, which may only forbid. The system's
            own counts in any case: a variable that anybody can set must not take it away.
        directory: the working directory, which may hold ``.agentops/policy.cedar``.
        system: the organisation's folder.
        led: the config folder that a variable leads to, where it is another one than ``own``; its ``policy.cedar`` may
            only forbid.

    Raises:
        ConfigError: a file is there and cannot be used, or the one that the environment names is not there.
    """
    named = environ.get(ORGANISATION_VARIABLE, "")
    found = [_layer("organisation", system / USER_FILE, LayerKind.ORGANISATION, root_only=True)]
    if named and Path(named) != system / USER_FILE:
        found.append(_layer("organisation", Path(named), LayerKind.NAMED, needed=True))
    if led is not None:
        found.append(_layer("user", led / USER_FILE, LayerKind.NAMED))
    found.append(_layer("user", own / USER_FILE, LayerKind.BASE))
    found.append(_layer("project", directory / PROJECT_FILE, LayerKind.PROJECT))
    return tuple(layer for layer in found if layer is not None)


def _layer(
    name: str, path: Path, kind: LayerKind, *, needed: bool = False, root_only: bool = False
) -> PolicyLayer | None:
    text = read_policy_file(path, needed=needed, root_only=root_only, loose=kind is LayerKind.PROJECT)
    return None if text is None else PolicyLayer(name=name, origin=str(path), text=text, kind=kind)


def read_policy_file(path: Path, *, needed: bool = False, root_only: bool = False, loose: bool = False) -> str | None:
    """Return the text of ``path``, or None where there is no such file and none is needed.

    Arguments:
        root_only: only root may have written it.
        loose: it may be anybody's, as a checkout is; what it says is held to forbids elsewhere.

    Raises:
        ConfigError: it cannot be read or must not be trusted.
    """
    try:
        data = _read_loose(path) if loose else read_own(path, MOST_BYTES, root_only=root_only)
    except ConfigError as error:
        raise _unusable(path, error.message, error.hint) from error
    if data is None:
        if needed:
            raise _unusable(path, "it is not there")
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unusable(path, "it is not UTF-8 text") from error


def _read_loose(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{error.strerror}") from error
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise ConfigError("it is not a regular file")
        if state.st_mode & stat.S_IWOTH:
            raise ConfigError("everybody may write to it", hint=f"Run: chmod o-w {quoted(str(path))}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MOST_BYTES:
        raise ConfigError(f"it is larger than {MOST_BYTES:,} bytes")
    return data


def _unusable(path: Path, why: str, hint: str = "") -> ConfigError:
    said = why.removeprefix(f"{path} is not trusted: ").removeprefix(f"{path} is ")
    message = f"the policy file {path} cannot be used: {said}"
    return ConfigError(message, hint=hint or "Correct this; until then every change is refused.", code="bad-policy")
