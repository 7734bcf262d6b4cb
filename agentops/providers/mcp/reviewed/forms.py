"""What an argument's text must be for a call to count as a read: ``sql-read``, ``no-secret``.

A form is a reason to offer a tool as a read, never the protection of a database: what a server does with a text is its
own affair, and a function that is called in a SELECT may write. Only the role that the server signs in with protects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_FIRST_WORDS = ("select", "show", "explain", "table", "values")
# Statements, and clauses of a SELECT, that have an effect; names of columns are quoted where they are one of these.
_EFFECTS = (
    "alter analyze analyse call checkpoint close cluster comment commit copy create deallocate declare delete "
    "discard do drop end execute fetch grant import insert into listen load lock merge move notify prepare reassign "
    "refresh reindex release reset revoke rollback savepoint security set start begin abort truncate unlisten update "
    "vacuum replace attach detach pragma use kill handler outfile dumpfile"
)
_EFFECT = re.compile(rf"\b(?:{'|'.join(_EFFECTS.split())})\b", re.IGNORECASE)
_CALLED = re.compile(r"([A-Za-z_][\w$.]*)\s*\(")
# What may be called: nothing outside this list, for any other function may write, wait, or read files.
_FUNCTIONS = (
    "abs age array_agg avg bool_and bool_or cardinality cast ceil coalesce concat count current_database "
    "current_schema date_part date_trunc dense_rank exists extract floor format_type greatest in json_agg lag lead "
    "least left length lower ltrim max min mod not now nullif over percentile_cont percentile_disc position "
    "power rank replace right round row_number rtrim split_part string_agg substr substring sum to_char trim "
    "unnest upper values and or on as from where having when then else any all filter group pg_size_pretty "
    "pg_database_size pg_relation_size pg_total_relation_size pg_blocking_pids interval numeric decimal varchar char "
    "explain costs verbose buffers format select using by between like ilike is distinct case"
)
_HARMLESS = frozenset(_FUNCTIONS.split())


def is_sql_read(text: str) -> bool:
    """Return whether a text is one statement that reads, as far as its words tell.

    One SELECT, SHOW, EXPLAIN, TABLE or VALUES: without a semicolon, a comment, a dollar quote or a backslash, with no
    word that has an effect outside quotes, and calling functions of a short list only. What is not sure is no read.
    """
    if not text.isascii() or any(mark in text for mark in (";", "--", "/*", "*/", "$", "\\", "\x00", "`", "#", "&")):
        return False
    # PostgreSQL takes spaces around the dot of a name: evil . max(1) is no max.
    bare = re.sub(r"\s*\.\s*", ".", _QUOTED.sub(" ", text))
    words = re.findall(r"[A-Za-z_]\w*", bare)
    if not words or words[0].lower() not in _FIRST_WORDS or "'" in bare or '"' in bare:
        return False
    # A quoted name may be a function's: "lo_unlink"(1).
    if re.search(r"\"\s*(?:\.|\()", text) or _EFFECT.search(bare):
        return False
    return all(name.lower() in _HARMLESS for name in _CALLED.findall(bare))


def is_no_secret(text: str) -> bool:
    """Return whether a text names a kind of object, and none that is made to hold secrets: no ``SealedSecret``."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*", text)) and "secret" not in text.lower()


FORMS: Mapping[str, Callable[[Any], bool]] = {
    "sql-read": lambda value: isinstance(value, str) and is_sql_read(value),
    "no-secret": lambda value: isinstance(value, str) and is_no_secret(value),
}
"""By name; each says of an argument's value whether it has the form."""
