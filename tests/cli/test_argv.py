"""The words of the command line, put in order."""

from __future__ import annotations

import pytest

from agentops.cli.argv import arrange


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("triage -n shop", "triage -n shop"),
        ("--output json triage", "triage --output json"),
        ("-o json -v audit verify", "audit verify -o json -v"),
        ("--context=prod investigate x", "investigate x --context=prod"),
        ("--version", "--version"),
        ("investigate --sandbox", "investigate --sandbox="),
        ("investigate --sandbox oom", "investigate --sandbox=oom"),
        ("investigate --sandbox no-scenario", "investigate --sandbox= no-scenario"),
        ("investigate --sandbox=oom x", "investigate --sandbox=oom x"),
        ("--sandbox oom triage", "triage --sandbox=oom"),
        ("--sandbox triage", "triage --sandbox="),
        ("investigate --sandbox --no-model", "investigate --sandbox= --no-model"),
        ("-o json investigate -- --sandbox", "investigate -o json -- --sandbox"),
        ("", ""),
    ],
)
def test_global_options_may_stand_in_front_and_sandbox_alone(words: str, expected: str) -> None:
    """Leading global options move behind the command; --sandbox gets its value, or an empty one."""
    assert arrange(words.split(), lambda: {"oom"}) == expected.split()
