"""``aws_console``: the last lines that an instance wrote to its serial console: why it does not boot."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from agentops.core.client_tool import count
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.objects.place import INSTANCE
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import since

_LINE = 500


@aws_tool(
    "aws_console",
    "Last console lines of an EC2 instance.",
    {"instance": NAME, "lines": count(500, "default 80")},
    required=("instance",),
    sends=(("ec2", "GetConsoleOutput"),),
)
def console(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the newest lines, in the order in which they were written.

    Raises:
        ToolError: there is no such instance, or AWS refused or failed.
    """
    name, wanted, now = str(arguments["instance"]), int(arguments.get("lines", 80)), clock()
    answer = client.ask("ec2", "GetConsoleOutput", InstanceId=name)
    lines = [one_line(line, _LINE) for line in _text(answer.get("Output")).splitlines() if line.strip()]
    return Reading(
        body="\n".join(lines[-wanted:]) or "The console has no lines: the instance began just now, or writes none.",
        summary=f"{plural(len(lines[-wanted:]), 'console line')} of {one_line(name, 60)}",
        footer=f"AWS took them {since(answer.get('Timestamp'), now)} ago; it keeps the last 64 KB.",
        resources=(place_of(client).ref(INSTANCE, name),),
    )


def _text(output: object) -> str:
    """Return the console's text; the SDK decodes it, and leaves it as it is where it cannot."""
    text = str(output or "")
    if text and " " not in text and "\n" not in text:
        try:
            return base64.b64decode(text, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return text
    return text
