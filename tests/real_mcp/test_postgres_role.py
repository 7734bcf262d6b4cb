"""The read-only role of ``docs/mcp/postgresql.md``, as it stands there, against a real PostgreSQL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.real_mcp.postgres import Postgres

pytestmark = pytest.mark.real
PAGE = (Path(__file__).parents[2] / "docs/mcp/postgresql.md").read_text("utf-8")
SQL = dict(re.findall(r"<!-- example: (\w+) -->\n```sql\n(.*?)```", PAGE, re.DOTALL))
_WRITES = "SET default_transaction_read_only = off"


@pytest.fixture(scope="module")
def reader(postgres: Postgres) -> Postgres:
    """The server with the role of the page, and a table that was made after it."""
    made = postgres.run(SQL["role"], database="shop")
    assert made.returncode == 0, made.stderr
    assert postgres.run("CREATE TABLE later (id int)", database="shop").returncode == 0
    return postgres


def test_the_role_reads_rows_and_statistics(reader: Postgres) -> None:
    """Tables of before and after, locks, settings, and the statements of others."""
    done = [
        reader.run(sql, role="agentops_reader", database="shop")
        for sql in (
            "SELECT count(*) FROM incidents",
            "SELECT count(*) FROM later",
            "SELECT count(*) > 0 FROM pg_locks",
            "SELECT count(*) FROM pg_stat_activity WHERE query = '<insufficient privilege>'",
        )
    ]
    assert [one.stdout.strip() for one in done] == ["2", "0", "t", "0"], [one.stderr for one in done]


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("DELETE FROM incidents", "permission denied for table incidents"),
        ("INSERT INTO incidents VALUES (3, 'c')", "permission denied for table incidents"),
        ("UPDATE incidents SET title = ''", "permission denied for table incidents"),
        ("TRUNCATE incidents", "permission denied for table incidents"),
        ("DROP TABLE incidents", "must be owner of table incidents"),
        ("ALTER TABLE incidents ADD x int", "must be owner of table incidents"),
        ("BEGIN; LOCK TABLE incidents IN EXCLUSIVE MODE", "permission denied for table incidents"),
        ("SELECT * FROM incidents FOR UPDATE", "permission denied for table incidents"),
        ("CREATE TABLE mine (id int)", "permission denied for schema public"),
        ("CREATE SCHEMA mine", "permission denied for database shop"),
        ("CREATE TEMPORARY TABLE mine (id int)", "permission denied to create temporary tables"),
        ("SELECT lo_create(0)", "permission denied for function lo_create"),
        ("SELECT lo_from_bytea(0, 'x')", "permission denied for function lo_from_bytea"),
        ("COPY incidents TO PROGRAM 'cat'", "pg_execute_server_program"),
        ("COPY incidents TO '/tmp/x'", "pg_write_server_files"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied for function pg_read_file"),
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
            "must be a superuser to terminate",
        ),
        ("SELECT pg_reload_conf()", "permission denied for function pg_reload_conf"),
        ("SELECT pg_stat_reset()", "permission denied for function pg_stat_reset"),
        ("ALTER SYSTEM SET work_mem = '1MB'", "permission denied to set parameter"),
        ("SET ROLE postgres", "permission denied to set role"),
        ("CREATE EXTENSION dblink", "permission denied"),
    ],
)
def test_the_role_writes_nothing(reader: Postgres, statement: str, refusal: str) -> None:
    """Each is refused by PostgreSQL itself, with the courtesy of read-only transactions set off first."""
    if "pg_terminate_backend" in statement:
        held = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'postgres'"
        assert int(reader.value(held)) > 0
    done = reader.run(_WRITES, statement, role="agentops_reader", database="shop")
    assert (done.returncode != 0, refusal in done.stderr) == (True, True), done.stderr or done.stdout
    assert reader.value("SELECT count(*) FROM incidents", database="shop") == "2"


def test_functions_that_write_with_their_owners_rights_are_listed(reader: Postgres) -> None:
    """The page's query names a SECURITY DEFINER function that anybody may execute; without one it names none."""
    before = reader.value(SQL["definers"], database="shop")
    body = "CREATE FUNCTION wipe() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM later'"
    assert reader.run(body, database="shop").returncode == 0
    assert (before, reader.value(SQL["definers"], database="shop")) == ("", "wipe()")
