"""Checks a value against a JSON Schema, and says what does not fit in words that a model or a person can act on.

Comes in: the schema of a tool, ours or another server's, and arguments that a model, triage or a saved plan gave. Goes
out: one sentence part for each fault, with the path of the value, what is expected and, for a misspelt name, the near
one; or the arguments as plain JSON. The rules are those of the specification (https://json-schema.org, draft 2020-12
where a schema names no other), applied by the ``jsonschema`` library; only the words are ours. Nothing is coerced:
``"10"`` is not 10.

This is one of the few modules of ``core`` that use a library. It is imported by the first check, so that whoever
checks nothing does not pay for it; see ``docs/adr/0012-libraries-for-schemas-patterns-and-schedules.md``.

Must never: fetch a schema that another one refers to, or let a fault pass because it has no words for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.errors import ToolInputError
from agentops.core.jsonable import in_words
from agentops.core.patterns import text_pattern
from agentops.core.suggestions import closest
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec

if TYPE_CHECKING:
    from jsonschema import ValidationError

_Words: TypeAlias = "Callable[[ValidationError, str], Iterator[str]]"

_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_SAID_AT_ONCE = 5
_WORDS_FOR_PEOPLE = frozenset({"title", "description", "default", "examples", "$comment", "$schema", "$id", "$defs"})
_BY_NAME = frozenset({"properties", "dependentSchemas", "$defs"})
# A double holds every whole number up to here; above it 3e20 and its digits may be two numbers.
_EXACT = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """The size of a call that is looked at; a schema may ask for less, never for more.

    ``text_chars`` of one string, ``items`` of one list, ``depth`` of lists and objects within one another.
    """

    text_chars: int = 100_000
    items: int = 200
    depth: int = 40


_NO_MORE_THAN = SizeLimits()


def checked_arguments(
    spec: ToolSpec, arguments: Mapping[str, Any], limits: SizeLimits = _NO_MORE_THAN
) -> dict[str, Any]:
    """Return the arguments of a call as plain JSON, without those that are null for "not given".

    Raises:
        ToolInputError: an argument is unknown, missing or unfit; the message says which and what is expected.
    """
    given = without_absent(spec.schema, arguments)
    wrong = faults(spec.schema, given, limits=limits)
    if wrong:
        raise ToolInputError(called_wrongly(spec.name, wrong))
    return {name: _plain(value, name, limits, 0) for name, value in given.items()}


def called_wrongly(tool: str, wrong: tuple[str, ...]) -> str:
    """Return the sentence about a call that does not fit its tool's schema; the first few faults are enough."""
    return f"{tool} was called wrongly: {'; '.join(wrong[:_SAID_AT_ONCE])}"


def without_absent(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments but for those that are null where the schema has no null: so some models leave one out."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    return {
        name: value for name, value in arguments.items() if value is not None or _takes_null(properties.get(name, {}))
    }


def faults(
    schema: Mapping[str, Any], value: Any, place: str = "", limits: SizeLimits = _NO_MORE_THAN
) -> tuple[str, ...]:
    """Return what is wrong with ``value``, one sentence part for each fault; empty when it fits.

    Arguments:
        place: the path of the value in what the reader knows; empty for the arguments themselves.
    """
    try:
        found = list(_errors(schema, _plain(value, place, limits, 0)))
    except _NotChecked as error:
        return (str(error),)
    # A value of the wrong type breaks other rules as well; its type is all there is to say.
    mistyped = {tuple(one.absolute_path) for one in found if one.validator == "type"}
    said: dict[str, None] = {}
    for one in found:
        if one.validator == "type" or tuple(one.absolute_path) not in mistyped:
            said |= dict.fromkeys(_said(one, place))
    return tuple(said)


def _takes_null(schema: Mapping[str, Any]) -> bool:
    types = schema.get("type")
    if "enum" in schema or "const" in schema:
        return None in [*schema.get("enum", ()), schema.get("const", ...)]
    return "null" in types if isinstance(types, list | tuple) else types in (None, "null")


def _errors(schema: Mapping[str, Any], plain: Any) -> Iterator[ValidationError]:
    from jsonschema.exceptions import UnknownType
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    schema_of_dicts: dict[str, Any] = _as_dicts(schema)
    kind = _kind(validator_for(schema_of_dicts, default=Draft202012Validator))
    try:
        # The library's default registry fetches what a ``$ref`` points to; an empty one fetches nothing.
        yield from kind(schema_of_dicts, registry=Registry()).iter_errors(plain)
    except Unresolvable as error:
        elsewhere = one_line(str(error.ref), 80)
        raise _NotChecked(
            f"the schema refers to {elsewhere}, which it does not hold, so nothing can be checked"
        ) from error
    except (UnknownType, ToolInputError, TypeError, ValueError, AttributeError, re.error, RecursionError) as error:
        # What the library raises where a schema is none: nothing that it says of a value can be relied on.
        raise _NotChecked(
            f"the schema cannot be used, so nothing can be checked: {one_line(str(error), 80)}"
        ) from error


@cache
def _kind(kind: Any) -> Any:
    """Return the library's validator with patterns that cannot hang: as RE2 has them, in the order of the text."""
    from jsonschema import ValidationError
    from jsonschema.validators import extend

    def pattern(_validator: Any, wanted: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not text_pattern(wanted)(value):
            yield ValidationError(f"{value!r} does not match {wanted!r}")

    return extend(kind, {"pattern": pattern})


def wrong_schema(schema: Mapping[str, Any]) -> str:
    """Return why a schema that a person wrote cannot be used, in one sentence part; empty where it can.

    A keyword that means nothing is refused as well: what it was meant to forbid would be permitted.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator

    plain = _as_dicts(schema)
    try:
        Draft202012Validator.check_schema(plain)
        return next(_odd_parts(plain, frozenset(Draft202012Validator.VALIDATORS)), "")
    except SchemaError as error:
        path = ".".join(map(str, error.absolute_path))
        return f"{path or 'it'} is not as JSON Schema has it"
    except RecursionError:
        return "it is nested too deep"


def _odd_parts(schema: Any, known: frozenset[str]) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    for keyword, said in schema.items():
        if keyword not in known and keyword not in _WORDS_FOR_PEOPLE:
            near = closest(keyword, known)
            yield f"{one_line(keyword, 40)} is no keyword" + (f"; did you mean {near[0]}?" if near else "")
        if keyword in ("$ref", "$dynamicRef", "patternProperties"):
            yield f"{keyword} cannot be used here"
        if keyword == "pattern":
            try:
                text_pattern(said)
            except ToolInputError as error:
                yield error.message
        inner = (
            said.values()
            if keyword in _BY_NAME and isinstance(said, dict)
            else said
            if isinstance(said, list)
            else (said,)
        )
        if keyword not in ("enum", "const", "default", "examples", "dependentRequired"):
            for one in inner:
                yield from _odd_parts(one, known)


def _as_dicts(schema: Any) -> Any:
    """Return a schema of plain dicts and lists: the library skips, without a word, the rules of any other mapping."""
    if isinstance(schema, Mapping):
        return {key: _as_dicts(item) for key, item in schema.items()}
    if isinstance(schema, list | tuple):
        return [_as_dicts(item) for item in schema]
    return schema


class _NotChecked(ValueError):
    """A value is no JSON or larger than anything that is looked at, or its schema is incomplete."""


def _plain(value: Any, place: str, limits: SizeLimits, depth: int) -> Any:
    """Return ``value`` as JSON has it: objects as dicts, lists as lists, a whole number written 3.0 as 3.

    Raises:
        _NotChecked: it has no JSON form, or is over ``limits``.
    """
    where = _where(place)
    if depth > limits.depth:
        raise _NotChecked(f"{where} is nested too deeply")
    if isinstance(value, Mapping):
        return {str(key): _plain(item, _inside(place, key), limits, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > limits.items:
            raise _NotChecked(f"{where} may hold at most {limits.items}")
        return [_plain(item, _inside(place, index), limits, depth + 1) for index, item in enumerate(value)]
    if isinstance(value, str) and len(value) > limits.text_chars:
        raise _NotChecked(f"{where} is longer than {limits.text_chars} characters")
    if isinstance(value, float):
        return _plain_number(value, where)
    return value


def _plain_number(value: float, where: str) -> float:
    # NaN is neither below a minimum nor above a maximum, so no bound of a schema would stop it.
    if not math.isfinite(value):
        raise _NotChecked(f"{where} must be a number, not {value}")
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def _said(error: ValidationError, place: str) -> Iterator[str]:
    path = place
    for step in error.absolute_path:
        path = _inside(path, step)
    words = _WORDS.get(str(error.validator))
    if words is None:
        yield f"{_where(path)} must fit `{error.validator}`: {one_line(error.message, 120)}"
    else:
        yield from words(error, path)


def _where(path: str) -> str:
    return f"`{path}`" if path else "the arguments"


def _inside(path: str, step: object) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    name = one_line(str(step), 60)
    return f"{path}.{name}" if path else name


def _expected(schema: Mapping[str, Any]) -> str:
    """Return what a schema takes, for a sentence: ``an integer from 1 to 9``, ``one of a, b``; empty for anything."""
    if "enum" in schema:
        return f"one of {_listed(schema['enum'])}"
    types = schema.get("type") or ()
    names = [types] if isinstance(types, str) else list(types)
    text = " or ".join(_TYPES.get(name, name) for name in names)
    numbers = {"integer", "number"} & set(names)
    return f"{text} {_bounds(schema)}".strip() if numbers else text


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"from {low} to {high}"
    return f"of at least {low}" if low is not None else f"of at most {high}" if high is not None else ""


def _listed(values: list[Any]) -> str:
    return ", ".join(one if isinstance(one, str) else _shown(one) for one in values)


def _shown(value: Any) -> str:
    return "null" if value is None else in_words(value, 60)


def _mismatch(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} must be {_expected(error.schema)}, not {_shown(error.instance)}"


def _constant(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} must be {_listed([error.validator_value])}, not {_shown(error.instance)}"


def _out_of_bounds(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} must be {_bounds(error.schema).removeprefix('of ')}, not {_shown(error.instance)}"


def _too_short(error: ValidationError, path: str) -> Iterator[str]:
    least = error.validator_value
    yield f"{_where(path)} " + (f"is shorter than {least} characters" if error.instance else "must not be empty")


def _too_long(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} is longer than {error.validator_value} characters"


def _another_form(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} does not have the form {error.validator_value}: {_shown(error.instance)}"


def _too_few(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} must hold at least {error.validator_value}"


def _too_many(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} may hold at most {error.validator_value}"


def _repeated(_error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} holds the same item twice"


def _no_form(error: ValidationError, path: str) -> Iterator[str]:
    yield f"{_where(path)} fits none of the allowed forms: {_shown(error.instance)}"


def _missing(error: ValidationError, path: str) -> Iterator[str]:
    properties: Mapping[str, Any] = error.schema.get("properties", {})
    for name in error.validator_value:
        if name not in error.instance:
            expected = _expected(properties.get(name, {}))
            yield f"`{_inside(path, name)}` is missing" + (f" ({expected})" if expected else "")


def _unknown(error: ValidationError, path: str) -> Iterator[str]:
    # The library names all of them in one message, and we want a sentence part for each.
    properties: Mapping[str, Any] = error.schema.get("properties", {})
    for name in error.instance:
        if name in properties or any(re.search(form, name) for form in error.schema.get("patternProperties", ())):
            continue
        near = closest(name, properties)
        known = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(properties) or 'none'}"
        yield f"`{_inside(path, name)}` is not an argument ({known})"


_WORDS: Mapping[str, _Words] = {
    "type": _mismatch,
    "enum": _mismatch,
    "const": _constant,
    "minimum": _out_of_bounds,
    "maximum": _out_of_bounds,
    "minLength": _too_short,
    "maxLength": _too_long,
    "pattern": _another_form,
    "minItems": _too_few,
    "maxItems": _too_many,
    "uniqueItems": _repeated,
    "minProperties": _too_few,
    "maxProperties": _too_many,
    "anyOf": _no_form,
    "oneOf": _no_form,
    "required": _missing,
    "additionalProperties": _unknown,
}
