"""Messages to chat rooms as their webhooks take them: Slack, Mattermost, Microsoft Teams, Discord, Google Chat.

Comes in: texts, attachments, blocks, cards, embeds. Goes out: what all their texts say, read as pasted words are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.prose import prose
from agentops.core.errors import AlertError

_SAYING = (
    "title", "pretext", "text", "summary", "activityTitle", "activitySubtitle", "activityText", "header", "content",
    "description", "subtitle",
)  # fmt: skip
_HOLDING = ("attachments", "blocks", "sections", "elements", "embeds", "fields", "facts", "cards", "cardsV2", "card",
            "body", "items", "widgets", "textParagraph", "keyValue", "decoratedText", "columns")  # fmt: skip
_PAIRS = (("title", "value"), ("name", "value"), ("topLabel", "content"), ("topLabel", "text"))
_SLACK = frozenset({"attachments", "blocks"})
_BESIDE_TEXT = frozenset({"channel", "username", "icon_emoji", "icon_url", "mrkdwn", "thread_ts", "response_type"})
_MOST_PARTS = 500


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    is_card = document.get("@type") == "MessageCard" or document.get("type") == "AdaptiveCard"
    is_slack = any(isinstance(document.get(key), list) and document[key] for key in _SLACK)
    is_discord = isinstance(document.get("embeds"), list) or {"content", "username"} <= document.keys()
    is_google = isinstance(document.get("cardsV2"), list) or isinstance(document.get("cards"), list)
    has_text = isinstance(document.get("text"), str) and bool(_BESIDE_TEXT & document.keys())
    return is_card or is_slack or is_discord or is_google or has_text


@alert_format("Slack, Teams, Discord, Google Chat", "a message as their webhooks take it", recognises=_recognises)
def chat_message(document: Mapping[str, Any]) -> Payload:
    """Read the message's texts, in their order.

    Raises:
        AlertError: it has none.
    """
    said = "\n".join(dict.fromkeys(_texts(document, 0)))
    if not said.strip():
        raise AlertError("the chat message holds no text", hint="Send the alert, or describe it in words.")
    found = prose(said)
    return replace(found, alerts=tuple(replace(alert, source="chat") for alert in found.alerts))


def _texts(part: Mapping[str, Any], depth: int) -> Iterator[str]:
    if depth > 8:
        return
    pair = next((pair for pair in _PAIRS if all(isinstance(part.get(key), str) for key in pair)), None)
    if pair:
        yield f"{part[pair[0]].strip('*: ')}: {part[pair[1]]}"
        return
    for key in _SAYING:
        value = part.get(key)
        if isinstance(value, str) and value.strip():
            # Slack writes a field as its title in bold and the value on the next line.
            yield re.sub(r"^(\*?[\w .]{1,40}:\*?)\n(?=\S+$)", r"\1 ", value.strip())
        elif isinstance(value, dict):
            yield from _texts(value, depth + 1)
    for key in _HOLDING:
        value = part.get(key)
        for inner in (value if isinstance(value, list) else [value])[:_MOST_PARTS]:
            if isinstance(inner, dict):
                yield from _texts(inner, depth + 1)
