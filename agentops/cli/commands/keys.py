"""``agentops audit keys|rotate-key|fingerprint``: the keys that sign the record, and the one that compares."""

from __future__ import annotations

import json
import sys

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_stream

KEYS_EPILOG = """\b
Examples:
  agentops audit keys
  agentops audit keys --output json
  agentops audit verify --key 'NAME+ID+KEY'      trust only this key
"""
ROTATE_KEY_EPILOG = """\b
Examples:
  agentops audit rotate-key
  agentops audit keys                            the old and the new public key

The change is recorded and signed by both keys; the old private key is destroyed.
"""
FINGERPRINT_EPILOG = """\b
Examples:
  echo '{"namespace":"shop","name":"web"}' | agentops audit fingerprint
  agentops audit log --fingerprint hmac-sha256:KEYID:HEX --limit 0

Records hold the redacted arguments of a call, and as arguments_hmac the
fingerprint of the full ones: equal arguments have equal fingerprints.
"""
_MAX_BYTES = 16 * 1024 * 1024


def register(group: typer.Typer) -> None:
    """Add the commands to the ``audit`` group."""
    group.command("keys", help="Show the public keys that sign the log, oldest first.", epilog=KEYS_EPILOG)(
        with_common(keys)
    )
    rotate_help = "Sign with a new key from now on; destroy the old one."
    group.command("rotate-key", help=rotate_help, epilog=ROTATE_KEY_EPILOG)(with_common(rotate_key))
    fingerprint_help = "Print the fingerprint of JSON arguments from stdin."
    group.command("fingerprint", help=fingerprint_help, epilog=FINGERPRINT_EPILOG)(with_common(fingerprint))


def keys(options: Common) -> Result:
    """Show the keys that the folder lists."""
    from agentops.app.audit_upkeep import signing_keys

    found = signing_keys(options.settings())
    blocks: tuple[Block, ...] = tuple(map(Code, found)) or (Paragraph("Nothing is signed yet.", Tone.QUIET),)
    return Result(command="audit keys", document={"keys": list(found)}, report=blocks)


def rotate_key(options: Common) -> Result:
    """Hand over to a new key."""
    from agentops.app.audit_upkeep import rotate_key as hand_over

    new = hand_over(options.settings())
    return Result(
        command="audit rotate-key",
        document={"key": new},
        report=(Heading("The log is signed with a new key from now on", Tone.GOOD), Code(new)),
    )


def fingerprint(options: Common) -> Result:
    """Print what ``arguments_hmac`` is for these arguments."""
    from agentops.app.audit_upkeep import fingerprint_of

    if sys.stdin.isatty():
        raise UsageError("the arguments are read from standard input", hint="echo '{...}' | agentops audit fingerprint")
    try:
        value = read_json(read_stream(sys.stdin.buffer, "the arguments of a call", _MAX_BYTES))
    except json.JSONDecodeError as error:
        raise UsageError(
            "standard input is not one JSON value", hint="Give the arguments of a call as JSON."
        ) from error
    except ValueError as error:
        raise UsageError(f"standard input cannot be used: {error}", hint="Give the arguments as JSON.") from error
    found = fingerprint_of(options.settings(), value)
    return Result(command="audit fingerprint", document={"fingerprint": found}, report=(Code(found),))
