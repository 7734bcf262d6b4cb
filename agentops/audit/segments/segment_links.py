"""Checks the link from one segment to the next: the next says what the one before holds, and none is missing.

Comes in: a segment and where a pass stands. Goes out: where the segment begins, or what is wrong. It reads one line.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.audit.chain import MalformedRecord, decode, opening
from agentops.audit.segments.segment import Segment, SegmentStart, closing_facts, is_said, start_of


class BrokenLink(Exception):
    """Two segments do not join; the message is one sentence."""


def first_start(segment: Segment) -> SegmentStart:
    """Return where the first segment that is there begins; not with record 0 when others before it were dropped.

    What is wrong with its first record as a record is for the pass over it to say.

    Raises:
        BrokenLink: it is closed and has no first record, or has another name than its own.
        DamagedSegment, OSError: it cannot be read.
    """
    line = segment.first_line()
    if not line and segment.closed:
        raise BrokenLink(f"{segment.name} has no first record: it was emptied or cut")
    try:
        origin = start_of(decode(line)) if line else SegmentStart()
    except MalformedRecord:
        return SegmentStart()
    _require_own_name(segment, origin)
    return origin


def linked_start(segment: Segment, *, before: SegmentStart, reached: SegmentStart) -> SegmentStart:
    """Return where a segment begins that follows another.

    Arguments:
        before: where the other one begins.
        reached: where the pass stands at its end.

    Raises:
        BrokenLink: it does not follow, or does not say what the other one holds.
        DamagedSegment, OSError: it cannot be read.
    """
    line = segment.first_line()
    if not line:
        raise BrokenLink(f"{segment.name} has no first record: it was emptied or cut")
    try:
        record = decode(line)
        origin = start_of(record)
    except MalformedRecord as error:
        if line.startswith(opening(reached.prev, reached.first)[:-2]):
            raise BrokenLink(str(error)) from error
        return reached  # that it does not continue the chain is for the pass over it to say
    _require_own_name(segment, origin)
    if origin.first > reached.first:
        gone = f"records {reached.first} to {origin.first - 1} are gone"
        raise BrokenLink(f"{gone}: the segment that {segment.name} follows is missing")
    if origin.first < reached.first:
        raise BrokenLink(f"{segment.name} begins with record {origin.first}, where record {reached.first} is expected")
    if not is_said(closing_facts(before=before, after=replace(reached, frontier=origin.frontier)), record.payload):
        raise BrokenLink(f"the first record of {segment.name} does not say what the segment before it holds")
    return origin


def _require_own_name(segment: Segment, origin: SegmentStart) -> None:
    if segment.first not in (None, origin.first):
        raise BrokenLink(f"{segment.name} begins with record {origin.first}: it stands under another segment's name")
