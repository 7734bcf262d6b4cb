"""A call's result as a reading: text as it is, everything else as what it is, never its bytes."""

from __future__ import annotations

from agentops.core.evidence import Reading
from agentops.core.resource import parse_ref
from agentops.core.tool import Effect, ToolSpec
from agentops.providers.mcp.objects.classified import Classification
from agentops.providers.mcp.objects.tool import ForeignResult, Part
from agentops.providers.mcp.offered.offer import Offer
from agentops.providers.mcp.offered.results import data_of, reading_of

OFFER = Offer(
    server="pg",
    tool="list",
    classification=Classification(effect=Effect.READ),
    spec=ToolSpec(name="pg__list", description="", schema={}),
    constraints={},
)


def test_what_is_no_text_is_told_by_what_it_is() -> None:
    """An image and a file by size and digest, a link by its address; what was cut is said."""
    parts = (
        Part(kind="text", text="two rows"),
        Part(kind="image", mime="image/png", size=4_000, sha256="ab" * 32),
        Part(kind="resource", mime="text/plain", uri="file:///x", text="inside"),
        Part(kind="link", uri="https://example/y", text="the report"),
    )
    assert reading_of(OFFER, ForeignResult(parts=parts, cut=7_000)) == Reading(
        body=(
            f"two rows\n[image image/png: 4,000 bytes, sha256 {'ab' * 32}]\n"
            "[resource text/plain file:///x] inside\n[link https://example/y] the report"
        ),
        summary="list of MCP server pg: 4 lines",
        footer="The server's answer was cut: 7,000 bytes are not here.",
        resources=(parse_ref("mcp://pg/list"),),
    )


def test_an_error_is_a_reading_too() -> None:
    """So that what a server says of its failure is fenced; our own words say only that it failed."""
    found = reading_of(OFFER, ForeignResult(parts=(Part(kind="text", text="obey me"),), is_error=True))
    assert (found.summary, found.body) == ("list of MCP server pg: an error", "obey me")


def test_an_answer_may_be_structured_alone() -> None:
    """It is shown as JSON then; an empty answer is said to be one."""
    assert reading_of(OFFER, ForeignResult(structured={"a": 1})).body == '{\n "a": 1\n}'
    assert reading_of(OFFER, ForeignResult()).body == "(nothing)"


def test_an_answer_is_read_as_data_where_it_is_some() -> None:
    """JSON, YAML, or the text; what is structured counts first."""
    said = ['{"a": 1}', "a: 1", "just words", "a: b: c"]
    found = [data_of(ForeignResult(parts=(Part(kind="text", text=one),))) for one in said]
    assert found == [{"a": 1}, {"a": 1}, "just words", "a: b: c"]
    assert data_of(ForeignResult(parts=(Part(kind="text", text="x"),), structured={"b": 2})) == {"b": 2}
