"""Where one segment ends and the next begins: does the next say what the one before holds, and is none missing?

Comes in: a segment and where a walk stands. Goes out: where the segment begins, or what is wrong. It reads one line.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.audit.chain import Malformed, decode, opening
from agentops.audit.segments import Origin, Segment, closing_facts, is_said, origin_of


class Broken(Exception):
    """Two segments do not join; the message is one sentence."""


def begun(segment: Segment) -> Origin:
    """Return where the first segment that is there begins; not with record 0 when others before it were dropped.

    What is wrong with its first record as a record is for the walk over it to say.

    Raises:
        Broken: it is closed and has no first record, or has another name than its own.
        Damaged, OSError: it cannot be read.
    """
    line = segment.first_line()
    if not line and segment.closed:
        raise Broken(f"{segment.name} has no first record: it was emptied or cut")
    try:
        origin = origin_of(decode(line)) if line else Origin()
    except Malformed:
        return Origin()
    _require_own_name(segment, origin)
    return origin


def joined(segment: Segment, *, before: Origin, reached: Origin) -> Origin:
    """Return where a segment begins that follows another.

    Arguments:
        before: where the other one begins.
        reached: where the walk stands at its end.

    Raises:
        Broken: it does not follow, or does not say what the other one holds.
        Damaged, OSError: it cannot be read.
    """
    line = segment.first_line()
    if not line:
        raise Broken(f"{segment.name} has no first record: it was emptied or cut")
    try:
        record = decode(line)
        origin = origin_of(record)
    except Malformed as error:
        if line.startswith(opening(reached.prev, reached.first)[:-2]):
            raise Broken(str(error)) from error
        return reached  # that it does not continue the chain is for the walk over it to say
    _require_own_name(segment, origin)
    if origin.first > reached.first:
        gone = f"records {reached.first} to {origin.first - 1} are gone"
        raise Broken(f"{gone}: the segment that {segment.name} follows is missing")
    if origin.first < reached.first:
        raise Broken(f"{segment.name} begins with record {origin.first}, where record {reached.first} is expected")
    if not is_said(closing_facts(before=before, after=replace(reached, frontier=origin.frontier)), record.payload):
        raise Broken(f"the first record of {segment.name} does not say what the segment before it holds")
    return origin


def _require_own_name(segment: Segment, origin: Origin) -> None:
    if segment.first not in (None, origin.first):
        raise Broken(f"{segment.name} begins with record {origin.first}: it stands under another segment's name")
