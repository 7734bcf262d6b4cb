"""A YAML loader for foreign text: plain scalars, lists and mappings, no aliases, no tags that make anything.

Aliases are refused because a few lines of them stand for gigabytes; times stay text, as JSON has them.
"""

from __future__ import annotations

from typing import Any

import yaml

from agentops.core.errors import AlertError

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class PlainLoader(yaml.SafeLoader):
    """``SafeLoader`` without aliases and timestamps."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and type are PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias before it is followed."""
        if self.check_event(yaml.AliasEvent):
            raise AlertError("uses YAML aliases, which no alert needs", hint="Write the values out, or send JSON.")
        return super().compose_node(parent, index)
