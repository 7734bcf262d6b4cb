"""Replaces parts of a text, and shows values in messages, for ``kubernetes_patch`` and ``kubernetes_edit_configmap``.

Comes in: a value and what to replace in it. Goes out: the new text. It must never show a value that looks like a
credential.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.secret_values import holds_secret
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.sensitive import holds_credential
from agentops.providers.kubernetes.objects.field_paths import ABSENT


def replace_texts(value: Any, texts: Mapping[str, Any], where: str) -> str:
    """Return a text with each key of ``texts`` replaced by its value, all at once.

    Raises:
        ToolInputError: it is no text, or does not hold what is to be replaced.
    """
    if not isinstance(value, str):
        raise ToolInputError(f"{where} is not a text in which something could be replaced: {show_value(value, where)}")
    for old in texts:
        if not old or old not in value:
            raise ToolInputError(
                f"{where} does not hold {one_line(old, 80)!r}", hint="Read it again with kubernetes_get."
            )
    # In one pass, the longest first, so that nothing is replaced in what has been put in.
    listed = "|".join(re.escape(old) for old in sorted(texts, key=len, reverse=True))
    return re.sub(listed, lambda match: str(texts[match.group()]), value)


def show_value(value: Any, where: str) -> str:
    """Return a value for a message; one that is a credential, by its place or its looks, is not shown."""
    if value is ABSENT or value is None:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    if holds_secret(text) or holds_credential(re.split(r"[.\[\]\"]+", where)):
        return "(not shown)"
    return one_line(text, 80)
