"""What counts as one statement of SQL that reads."""

from __future__ import annotations

import pytest

from agentops.providers.mcp.reviewed.forms import FORMS, is_sql_read

READS = [
    "select 1",
    "SELECT id, title FROM incidents WHERE state = 'open' ORDER BY opened DESC LIMIT 20",
    "select count(*), max(opened) from incidents group by state having count(*) > 3",
    "EXPLAIN (COSTS, VERBOSE) SELECT * FROM incidents",
    "SHOW max_connections",
    "select * from pg_stat_activity where query ilike 'delete%'",
]
CHANGES = [
    "COMMIT; delete from incidents",
    "delete from incidents",
    "select 1; drop table incidents",
    "select 1 -- ;\n",
    "select /* */ 1",
    "explain analyze delete from incidents",
    "explain (analyze) select 1",
    "with gone as (delete from incidents returning *) select * from gone",
    "select * into copied from incidents",
    "select pg_terminate_backend(42)",
    'select "pg_terminate_backend"(42)',
    "select pg_catalog.pg_read_file('/etc/passwd')",
    "select lo_unlink (1)",
    "select evil . max(1)",
    "select evil.\n max (1)",
    "select pg_sleep(600)",
    "select * from incidents for update",
    "select nextval('ids')",
    "select dblink('host=x', 'delete from y')",
    "select $$ ; $$",
    "select 'it''s' || '\\'; drop table x",
    "select 'unclosed",
    "copy incidents to program 'sh'",
    "do $$ begin end $$",
    "set role postgres",
    "",
    "ｄelete from incidents",
]


@pytest.mark.parametrize("text", READS)
def test_a_plain_query_reads(text: str) -> None:
    """One SELECT, SHOW or EXPLAIN without an effect in it is a read."""
    assert is_sql_read(text)


@pytest.mark.parametrize("text", CHANGES)
def test_what_is_not_sure_to_read_is_none(text: str) -> None:
    """A second statement, a word or a function with an effect, and what cannot be told are no read."""
    assert not is_sql_read(text)


def test_only_text_has_a_form() -> None:
    """A list or a number is no statement."""
    assert [FORMS["sql-read"](value) for value in (["select 1"], 1, None, "select 1")] == [False, False, False, True]
