"""Senders' words for how an alert stands: firing or over, and what is neither.

Comes in: a word or two as the sender writes them. Goes out: a ``Standing``. What is not said is not made up: an alert
without a word, or with one that is not known here, is taken to fire, and the remark says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentops.core.text import one_line

ACKNOWLEDGED, NO_DATA, PAUSED, SILENCED, PENDING, UNSAID = (
    "acknowledged",
    "no data",
    "paused",
    "silenced",
    "pending",
    "unknown",
)
_WORDS = {
    "firing": "firing alerting alarm alert triggered trigger retriggered rewarn warn warning critical crit error "
    "err open opened active activated activate created create new problem fired failed failing failure degraded "
    "unhealthy down started unresolved reopened reopen renotify unacknowledged unacknowledge anomalous abnormal "
    "major minor high low info fatal emergency disaster true 1 outofsync missing offline unavailable breached "
    "violated violation raised",
    "resolved": "resolved resolve ok okay normal closed close recovered recovery recover inactive cleared clear up "
    "deactivated healthy success succeeded fixed done ended end restored restore back solved false 0 deleted delete "
    "resolvedcritical resolvedwarning resolvedmissingdata canceled cancelled completed online available complete",
    ACKNOWLEDGED: "acknowledged acknowledge ack acked acknowledgement acknowledgment",
    NO_DATA: "nodata renodata insufficientdata missingdata nodatapoints datasourcenodata alertingnodata normalnodata",
    PAUSED: "paused pause disabled",
    SILENCED: "silenced suppressed muted snoozed snooze inhibited",
    PENDING: "pending",
}
_STATE_CHARS = 24
_BY_WORD = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
_REMARKS = {
    ACKNOWLEDGED: "the alert is acknowledged: somebody may be working on it already",
    NO_DATA: "the alert has no data: it does not say whether anything is wrong",
    PAUSED: "the alert's rule is paused: nobody looks whether it still fires",
    SILENCED: "the alert is silenced by its sender",
    PENDING: "its sender calls the alert pending",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands: ``status`` is firing or resolved, ``state`` what goes beyond it, ``remark`` for people."""

    status: str
    state: str = ""
    remark: str = ""


def standing_of(*words: str) -> Standing:
    """Return what the first word that is known means."""
    said = [word for word in words if word.strip()]
    for word in said:
        parts = re.findall(r"[a-z]{2,}", word.lower()) if len(word) < _STATE_CHARS else []
        whole = _BY_WORD.get(re.sub(r"[^a-z0-9]", "", word.lower()))
        # Of "alert-resolved" and "problem acknowledged", what happened counts, not what it happened to.
        meanings = sorted((_BY_WORD[one] for one in parts if one in _BY_WORD), key=lambda one: one == "firing")
        meaning = whole or next(iter(meanings), "")
        if meaning in ("firing", "resolved"):
            return Standing(meaning)
        if meaning:
            return Standing("firing", meaning, _REMARKS[meaning])
    if said:
        quoted = one_line(said[0], 40)
        return Standing("firing", UNSAID, f"its state {quoted!r} is not one that agentops knows: it is taken to fire")
    return Standing("firing", UNSAID, "the payload does not say whether the alert still fires: it is taken to")
