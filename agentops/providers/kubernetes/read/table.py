"""Rows as an aligned table, and objects as YAML: the two forms in which readings show data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentops.core.text import clip

_COLUMN_LIMIT = 60
_SMALL_ROWS = 20
_SMALL_LIMIT = 400


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with a header line; the last column is not cut nor padded, and in a small table none is cut.

    Every row pays for the widest cell of a column, so only a long table has to be narrow.
    """
    last = len(header) - 1
    limit = _SMALL_LIMIT if len(rows) <= _SMALL_ROWS else _COLUMN_LIMIT
    cells = [
        [text if column == last else clip(text, limit) for column, text in enumerate(row)]
        for row in [list(header), *rows]
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(last)] + [0]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def yaml_text(value: Any) -> str:
    """Return ``value`` as YAML in its own order, texts of several lines as blocks."""
    import yaml

    class YamlDumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """A dumper of our own, so that the package's is not changed for others."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def text(dumper: Any, data: str) -> Any:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    YamlDumper.add_representer(str, text)
    return str(yaml.dump(value, Dumper=YamlDumper, sort_keys=False, allow_unicode=True, width=160))
