"""The specification's test vectors are true of the program."""

from __future__ import annotations

import re
from pathlib import Path

from agentops.audit.chain import GENESIS_PREV, decode, encode, link
from agentops.audit.verify import Verdict, verify

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
VECTORS = re.findall(r"```json\n(\{\"prev\".*?)\n```\n```text\n([0-9a-f]{64})\n```", PAGE)


def test_the_documented_lines_have_the_documented_links(tmp_path: Path) -> None:
    """Each line decodes, encodes back to itself, has its link, and together they are a chain with that head."""
    lines = [line.encode("ascii") for line, _ in VECTORS]
    links = [expected for _, expected in VECTORS]
    assert len(lines) == 3
    assert [link(line) for line in lines] == links
    assert [encode(decode(line)) for line in lines] == lines
    assert [decode(line).prev for line in lines] == [GENESIS_PREV, *links[:-1]]
    (tmp_path / "audit.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    found = verify(tmp_path)
    assert (found.verdict, found.records, found.head) == (Verdict.OK, 3, links[-1])
