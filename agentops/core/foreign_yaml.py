"""Reads YAML that somebody else wrote: plain values, within limits. The one module with a YAML loader for foreign text.

Comes in: text. Goes out: its documents, or a ``YamlError`` with its place. Depth and aliases are counted on the stream
of events, before anything is made of them: PyYAML's composer recurses with the depth of the text, in C without a limit.

Must never: make anything but plain values, follow a tag, or let a few lines of aliases stand for gigabytes.

The library is imported by the first call.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from agentops.core.foreign_documents import MOST_DEPTH, OddNumber, finite, integer_of, require_depth
from agentops.core.text import one_line

_TAG = "tag:yaml.org,2002:"
_SAID_CHARS = 200
_MOST_MERGED = 100_000
_LIBRARY_LIMIT = "exceeded maximum nesting depth"


class YamlError(ValueError):
    """The text cannot be used.

    Arguments:
        said: what is wrong, one line, as part of a sentence.
        line, column: where, counted from 1; 0 where it cannot be said.
        is_yaml: the text is YAML, and was refused for a limit.
    """

    def __init__(self, said: str, *, line: int = 0, column: int = 0, is_yaml: bool = False) -> None:
        super().__init__(f"{said} (line {line})" if line else said)
        self.said = said
        self.line = line
        self.column = column
        self.is_yaml = is_yaml


def read_yaml(
    text: str,
    *,
    aliases: bool = False,
    odd_numbers_as_text: bool = False,
    unique_names: bool = True,
    most_depth: int = MOST_DEPTH,
) -> Any:
    """Return the one document of a text; None when it is empty.

    Raises:
        YamlError: it is none, cannot be used, or there are several.
    """
    found = list(
        read_documents(
            text,
            aliases=aliases,
            odd_numbers_as_text=odd_numbers_as_text,
            unique_names=unique_names,
            most_depth=most_depth,
            most_documents=2,
        )
    )
    if len(found) > 1:
        raise YamlError("there is more than one document in it", is_yaml=True)
    return found[0] if found else None


def read_documents(
    text: str,
    *,
    aliases: bool = False,
    odd_numbers_as_text: bool = False,
    unique_names: bool = False,
    most_depth: int = MOST_DEPTH,
    most_documents: int = 0,
) -> Iterator[Any]:
    """Yield the documents of a text. Times stay text, as JSON has them.

    Arguments:
        aliases: allow them, as far as a document has no more parts with them than the text has characters.
        odd_numbers_as_text: keep infinite numbers and integers beyond 64 bits as text instead of refusing them.
        unique_names: refuse a mapping that has a key twice.
        most_documents: stop after so many; 0 reads all.

    Raises:
        YamlError: it is none, or cannot be used.
    """
    import yaml

    try:
        _check_events(text, most_depth, aliases=aliases)
        loader = _loader(odd_numbers_as_text, unique_names)(text)
        count = 0
        while loader.check_data() and (not most_documents or count < most_documents):
            document = loader.get_data()
            if aliases:
                _require_size(document, len(text))
            require_depth(document, most_depth)
            count += 1
            yield document
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = one_line(error.problem or error.context or "it cannot be read", _SAID_CHARS)
        if mark and error.problem == _LIBRARY_LIMIT:
            raise _refused(f"it is nested deeper than {most_depth} levels", mark) from error
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise YamlError(said, line=place[0], column=place[1]) from error
    except (yaml.YAMLError, RecursionError, OverflowError, AttributeError, TypeError) as error:
        # What the safe constructor makes of an odd scalar (a wrong !!timestamp, a !!set of lists) raises many things.
        raise YamlError(one_line(str(error), _SAID_CHARS)) from error
    except YamlError:
        raise
    except ValueError as error:
        raise YamlError(one_line(str(error), _SAID_CHARS), is_yaml=isinstance(error, OddNumber)) from error


def _check_events(text: str, most_depth: int, *, aliases: bool) -> None:
    """Raise where a text is nested too deep, or has an alias and may have none."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_parser()):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > most_depth:
                raise _refused(f"it is nested deeper than {most_depth} levels", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent) and not aliases:
            raise _refused("it uses YAML aliases", event.start_mark)


def _refused(said: str, mark: Any) -> YamlError:
    return YamlError(said, line=mark.line + 1, column=mark.column + 1, is_yaml=True)


def _require_size(document: Any, most: int) -> None:
    """Raise where a document has more parts than ``most``: without aliases none has more than it has characters."""
    left = most + 1
    waiting = [document]
    while waiting:
        left -= 1
        if left < 0:
            raise YamlError("it uses YAML aliases to stand for more than it holds", is_yaml=True)
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _parser() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _loader(odd_numbers_as_text: bool, unique_names: bool) -> Any:
    """Return a safe loader without times, with JSON's idea of a number, and perhaps with each key once."""
    base = _parser()

    def number(convert: str, check: Any) -> Any:
        plain = getattr(base, convert)

        def constructed(loader: Any, node: Any) -> Any:
            try:
                # Long digits first: converting takes the square of their number.
                if len(node.value) > 64:
                    raise OddNumber(node.value)
                return check(plain(loader, node))
            except OddNumber:
                if odd_numbers_as_text:
                    return node.value
                raise

        return constructed

    def mapping(loader: Any, node: Any) -> Any:
        if unique_names:
            _require_once(node)
        return base.construct_yaml_map(loader, node)

    def flattened(loader: Any, node: Any) -> None:
        base.flatten_mapping(loader, node)
        # Merge keys (<<) copy before anything is made: nine of nine of nine are counted here.
        if len(node.value) > _MOST_MERGED:
            raise YamlError("it merges mappings into one of more keys than can be used", is_yaml=True)

    resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != f"{_TAG}timestamp"]
        for first, found in base.yaml_implicit_resolvers.items()
    }
    made: Any = type("ForeignLoader", (base,), {"yaml_implicit_resolvers": resolvers, "flatten_mapping": flattened})
    made.add_constructor(f"{_TAG}int", number("construct_yaml_int", lambda value: integer_of(str(value))))
    made.add_constructor(f"{_TAG}float", number("construct_yaml_float", lambda value: finite(repr(value))))
    made.add_constructor(f"{_TAG}map", mapping)
    return made


def _require_once(node: Any) -> None:
    import yaml

    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise _refused(f"the key {one_line(key.value, 60)} is there twice", key.start_mark)
            seen.add(key.value)
