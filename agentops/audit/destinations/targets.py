"""What a person writes after ``--to`` or ``--anchor``, and the destination that it names.

Comes in: ``s3://BUCKET/PREFIX``, ``git:PATH``, a folder or a file. Goes out: the open ``Destination``, or a usage
error. The only module that knows every kind of destination; boto3 is imported when an S3 one is opened, and not before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentops.audit.destinations.destination import Destination, DestinationOptions, is_name
from agentops.audit.destinations.git import GitDestination
from agentops.audit.destinations.local import FileDestination, FolderDestination
from agentops.audit.destinations.s3 import S3Destination
from agentops.core.errors import UsageError
from agentops.core.text import one_line

# The rules of S3 for the names of buckets: 3 to 63 lower-case letters, digits, dots and dashes.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@contextmanager
def open_destination(target: str, options: DestinationOptions) -> Iterator[Destination]:
    """Yield the destination that ``target`` names: ``s3://BUCKET/PREFIX``, ``git:PATH``, a folder, or a file.

    Raises:
        UsageError: it names none.
        DestinationError: it cannot be reached.
    """
    if target.startswith("s3://"):
        bucket, _, prefix = target.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/")
        if not _BUCKET.fullmatch(bucket) or (prefix and not is_name(prefix)):
            raise UsageError(f"{one_line(target)!r} is not an S3 place", hint="Write s3://BUCKET/PREFIX.")
        with S3Destination(target, bucket, prefix, options) as destination:
            yield destination
    elif target.startswith("git:"):
        yield GitDestination(target, Path(target.removeprefix("git:")).expanduser(), options.clock)
    elif "://" in target or not target.strip():
        hint = "Write a FILE, a FOLDER/, git:PATH or s3://BUCKET/PREFIX."
        raise UsageError(f"{one_line(target)!r} is not a place that agentops knows", hint=hint)
    elif target.endswith("/") or Path(target).is_dir():
        yield FolderDestination(target)
    else:
        yield FileDestination(target)
