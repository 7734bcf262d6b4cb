"""The scripted model: files in, turns out, and clear words when a script does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentops.agent.model import ModelRequest, Overloaded, Turn
from agentops.agent.models.scripted import Scripted, ScriptMismatch, load_script
from agentops.core.errors import UsageError
from agentops.core.usage import Usage


def _ask(model, *texts):
    messages = tuple({"role": "user", "content": [{"type": "text", "text": text}]} for text in texts or ("hello",))
    return model.turn(ModelRequest(system="", tools=(), messages=messages), lambda _: None)


def test_yaml_and_json_give_the_same_turns(tmp_path):
    """A script may be written either way; a turn has the blocks that Claude's would have."""
    turns = [{"reasoning": "r", "text": "t", "calls": [{"tool": "look", "arguments": {"n": 1}}]}]
    (tmp_path / "a.json").write_text(json.dumps({"turns": turns}))
    (tmp_path / "a.yaml").write_text(
        "name: a.json\nturns:\n- reasoning: r\n  text: t\n  calls:\n  - {tool: look, arguments: {n: 1}}\n"
    )
    models = [load_script(tmp_path / name) for name in ("a.json", "a.yaml")]
    assert [model.name for model in models] == ["scripted:a.json"] * 2
    assert [_ask(model) for model in models] == [
        Turn(
            content=(
                {"type": "thinking", "thinking": "r", "signature": "scripted-1"},
                {"type": "text", "text": "t"},
                {"type": "tool_use", "id": "call-1-1", "name": "look", "input": {"n": 1}},
            ),
            stop_reason="tool_use",
            usage=Usage(turns=1, cost_usd=0.0),
            request_id="scripted-1",
        )
    ] * 2


def test_the_script_in_the_docs_can_be_played(tmp_path):
    """The example of docs/models.md is a script."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
    (tmp_path / "s.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    model = load_script(tmp_path / "s.yaml")
    assert (model.name, _ask(model, "Triage problems").stop_reason) == ("scripted:demo", "tool_use")


def test_evidence_placeholders():
    """Ids of evidence in the conversation can be named by place and by what their line says."""
    model = Scripted([{"text": "{{first}} {{last}} {{evidence:quota}}"}])
    said = ("1. Evidence E3: pod api", "Evidence E4: quota of shop", "Evidence E11: node")
    assert _ask(model, *said).text == "E3 E11 E4"


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ([{"expect": "goodbye"}], "turn 1 of scripted expects 'goodbye'.*hello"),
        ([{"text": "{{last}}"}], "wants the evidence {{last}}, and none was seen"),
        ([], "has no turn 1"),
    ],
)
def test_a_conversation_that_does_not_fit(turns, said):
    """The failure says which turn wanted what."""
    with pytest.raises(ScriptMismatch, match=said):
        _ask(Scripted(turns))


def test_scripted_failure():
    """A turn may be scripted to fail as an endpoint would."""
    with pytest.raises(Overloaded):
        _ask(Scripted([{"error": "overloaded"}]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("turns: []", "has no list of turns"),
        ("[]", "has no list of turns"),
        ("turns: [3]", "turn 1 .* is not a mapping"),
        ("turns: [{txet: a}]", "turn 1 .* has an unknown key: txet"),
        ("turns: [{error: tired}]", "names an unknown error"),
        ("turns: [{calls: [look]}]", "calls that are not a list of {tool, arguments}"),
        ("turns: [{expect: '('}]", "turn 1 .* cannot be used"),
        ("turns: [{usage: {tokens: 3}}]", "turn 1 .* cannot be used"),
        ("turns: [{error: [tired]}]", "has a field error that is no text"),
        ("turns: [{error: failed}]", "names an unknown error"),
        ("turns: [{text: 3}]", "has a field text that is no text"),
        ("turns: [{calls: [{tool: 3}]}]", "calls that are not a list of {tool, arguments}"),
        ("turns: [{calls: [{tool: a, arguments: 3}]}]", "calls that are not a list of {tool, arguments}"),
        ("turns: [{malformed: 3}]", "has a field malformed that is no mapping"),
        ("turns: [{usage: 3}]", "has a field usage that is no mapping"),
        ("turns: [{usage: {turns: many}}]", "has a field usage that is not all numbers"),
        ("turns: [", "cannot be read"),
    ],
)
def test_unusable_files(tmp_path, text, said):
    """What is wrong with a script is told with the number of the turn."""
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load_script(path)


def test_missing_file(tmp_path):
    """So is a file that is not there."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_script(tmp_path / "none.yaml")
