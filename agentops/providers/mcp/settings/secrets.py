"""What references to secrets stand for: a variable of this process's environment, or an entry of the OS keyring.

Comes in: a reference as it is written. Goes out: the secret, for the one server that names it; or a ``ConfigError``
that says what to do. ``keyring`` is an optional package: it is imported when a reference needs it.

Must never: wait without an end (a keyring may ask for its own password), or put a secret into a message.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from agentops.core.commands import quoted
from agentops.core.errors import ConfigError
from agentops.core.text import one_line
from agentops.providers.mcp.settings.references import ENV, SecretReference, references_in

SERVICE = "agentops"
"""The service under which entries stand in the keyring."""
KEYRING_S = 20.0
"""How long a keyring may take, in seconds; it may ask a person to unlock it."""
KeyringRead = Callable[[str], str | None]
"""Returns the entry of a name; None where there is none. Raises ``ConfigError`` where no keyring can be read."""


def resolver(environ: Mapping[str, str], keyring: KeyringRead | None = None) -> Callable[[str], str]:
    """Return a function that gives what a reference, ``${env:NAME}``, stands for.

    It raises ``ConfigError`` where it stands for nothing; an empty secret is none.

    Arguments:
        environ: the process environment.
        keyring: reads one entry; None: the OS keyring.
    """
    read = keyring or read_keyring

    def resolve(written: str) -> str:
        found = references_in(written)
        if len(found) != 1 or str(found[0]) != written:
            raise ConfigError(f"{one_line(written, 80)} is no reference to a secret", code="no-secret")
        one = found[0]
        value = environ.get(one.name) if one.kind == ENV else read(one.name)
        if not value:
            raise _missing(one)
        if "\0" in value or "\n" in value.strip("\n"):
            raise ConfigError(f"{one} holds a line break or a NUL", hint="Give one line.", code="no-secret")
        return value.strip("\n")

    return resolve


def read_keyring(name: str, *, within_s: float = KEYRING_S) -> str | None:
    """Return an entry of the OS keyring; None where there is none.

    Raises:
        ConfigError: there is no keyring here, or it does not answer in time.
    """
    found: list[str | None] = []
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            import keyring

            found.append(keyring.get_password(SERVICE, name))
        except Exception as error:  # noqa: BLE001 - backends raise anything; it is told below, and nothing is read
            failed.append(error)

    thread = threading.Thread(target=ask, name="agentops-keyring", daemon=True)
    thread.start()
    thread.join(within_s)
    if thread.is_alive():
        said = f"the OS keyring did not answer in {within_s:g} s: ${{keyring:{one_line(name, 60)}}} is not read"
        raise ConfigError(said, hint="Unlock it, or use a variable: ${env:NAME}", code="no-keyring")
    if failed:
        raise _no_keyring(failed[0])
    return found[0]


def _no_keyring(error: BaseException) -> ConfigError:
    if isinstance(error, ImportError):
        said = "${keyring:...} needs the Python package keyring, which is not installed"
        hint = "Run: pip install keyring\nOr use a variable: ${env:NAME}"
    else:
        said = f"the OS keyring cannot be read: {type(error).__name__}"
        hint = (
            "Without a desktop session there is often none: use a variable, ${env:NAME}, or set up a backend and try\n"
            f"Run: keyring get {SERVICE} NAME"
        )
    return ConfigError(said, hint=hint, code="no-keyring")


def _missing(one: SecretReference) -> ConfigError:
    if one.kind == ENV:
        said = f"the variable {one.name} is not set, and {one} needs it"
        return ConfigError(said, hint=f"Run: export {quoted(one.name)}=...", code="no-secret")
    said = f"the OS keyring has no entry {one.name} of {SERVICE}, and {one} needs it"
    return ConfigError(said, hint=f"Run: keyring set {SERVICE} {quoted(one.name)}", code="no-secret")
