"""Fences for untrusted text: the model is told that what stands between them is data, never instructions.

Comes in: text that a log, an event, an annotation or an alert may have written. Goes out: the same text, with every
character visible, between two lines that it cannot imitate. The fence carries a nonce of the run, which a log line
written before the run cannot know; any look-alike of a fence in the text is broken up all the same.
"""

from __future__ import annotations

import re

from agentops.core.text import one_line, visible

_LOOK_ALIKE = re.compile(r"<(?=\s*/?\s*untrusted)", re.IGNORECASE)


class Fence:
    """Wraps text for one run. ``nonce`` comes from the caller: 8 random hex digits, or a constant in tests."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce

    def wrap(self, text: str, label: str) -> str:
        """Return ``text`` between an opening line that names ``label`` and a closing line."""
        body = neutral(text).strip("\n")
        return f'<untrusted {self.nonce} source="{neutral(one_line(label, 80))}">\n{body}\n</untrusted {self.nonce}>'


def neutral(text: str) -> str:
    """Return ``text`` with hidden characters written out and anything that looks like a fence broken up."""
    return _LOOK_ALIKE.sub("‹", visible(text))
