"""The file of pins: what is put there is read back, and what cannot be believed pins nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agentops.core.errors import ConfigError, Stale
from agentops.core.own_files import NotOwn
from agentops.providers.mcp.objects.tool import ForeignTool
from agentops.providers.mcp.pins.pin import ServerPin, pin_of
from agentops.providers.mcp.pins.store import PinFile

TOOL = ForeignTool(name="log", description="token=abc", input_schema={"type": "object"})
PIN = ServerPin(
    identity="uvx git",
    launch="sha256:" + "a" * 64,
    server_name="git",
    tools={"log": pin_of(TOOL, lambda value: "[redacted]" if value == "token=abc" else value)},
    at="2026-11-29T18:00:00Z",
    by="human:ana",
)


@pytest.fixture
def file(tmp_path: Path) -> PinFile:
    """A file of pins in a folder that is not there yet."""
    return PinFile(path=tmp_path / "home" / "mcp-pins.json")


def test_a_pin_is_read_back_as_it_was_put(file: PinFile) -> None:
    """Another server's stays; None forgets one."""
    file.put("git", PIN)
    file.put("other", replace(PIN, tools={}))
    both = file.servers()
    file.put("git", None)
    assert (both["git"], sorted(both), sorted(file.servers())) == (PIN, ["git", "other"], ["other"])


def test_a_pin_is_put_in_place_of_the_one_that_was_looked_at(file: PinFile) -> None:
    """Two people at two terminals: the second is told to look again, and nothing of the first is lost."""
    file.put("git", PIN)
    other = replace(PIN, by="human:bob")
    with pytest.raises(Stale):
        file.put("git", other)
    file.put("git", other, instead_of=PIN)
    assert file.servers()["git"] == other


def test_secrets_of_a_description_are_not_stored(file: PinFile) -> None:
    """The digest is over the words as they are; what is kept to show a diff passed the redactor."""
    file.put("git", PIN)
    assert "token=abc" not in file.path.read_text()


def test_a_file_that_others_can_write_pins_nothing(file: PinFile) -> None:
    """Whoever writes it decides which words reach the model."""
    file.put("git", PIN)
    file.path.chmod(0o602)
    with pytest.raises(NotOwn):
        file.servers()


def _broken() -> dict[str, str]:
    whole = {"version": 1, "servers": {"git": {"launch": PIN.launch, "tools": {}}}}
    tool = {"fingerprint": PIN.tools["log"].fingerprint, "fields": dict(PIN.tools["log"].fields)}

    def with_tool(changed: object) -> str:
        return json.dumps({"version": 1, "servers": {"git": {"launch": PIN.launch, "tools": {"log": changed}}}})

    return {
        "empty": "",
        "another version": json.dumps({**whole, "version": 2}),
        "no object": "[]",
        "a name twice": '{"version": 1, "servers": {}, "servers": {}}',
        "no launch": json.dumps({"version": 1, "servers": {"git": {"tools": {}}}}),
        "an odd name": json.dumps({"version": 1, "servers": {"G IT": {"launch": PIN.launch}}}),
        "a field left out": with_tool({**tool, "fields": {"name": tool["fields"]["name"]}}),
        "a field that is no digest": with_tool({**tool, "fields": {**tool["fields"], "title": "x"}}),
        "no fingerprint": with_tool({"fields": tool["fields"]}),
        "cut": json.dumps(whole)[:-3],
    }


@pytest.mark.parametrize("what", _broken())
def test_what_is_no_file_of_pins_pins_nothing(file: PinFile, what: str) -> None:
    """It raises: without pins nothing is offered."""
    file.path.parent.mkdir(mode=0o700)
    file.path.write_text(_broken()[what])
    file.path.chmod(0o600)
    with pytest.raises(ConfigError):
        file.servers()
