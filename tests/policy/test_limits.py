"""How large and how deep a policy may be: what would end the process in the engine never reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import ConfigError
from agentops.core.policy import PolicyRequest
from agentops.policy import CedarPolicy
from agentops.policy.engine import Cedar
from agentops.policy.layers import default_layer, kernel_layer
from agentops.policy.limits import MOST_BRACKETS, MOST_BYTES, MOST_DEPTH, excess
from tests.support.policies import layer

Loaded = Callable[..., CedarPolicy]
Ask = Callable[..., PolicyRequest]


def _when(expression: str) -> str:
    return f'@id("mine") forbid (principal, action, resource) when {{ {expression} }};'


SHAPES: Mapping[str, Callable[[int], str]] = {
    "parentheses": lambda n: _when("(" * n + "true" + ")" * n),
    "nots in parentheses": lambda n: _when("(!" * n + "true" + ")" * n),
    "nots": lambda n: _when("!" * n + "true"),
    "nots apart": lambda n: _when("! " * n + "true"),
    "minus signs": lambda n: _when("-" * n + "1 == 1"),
    "sets": lambda n: _when("[" * n + "1" + "]" * n + " == [1]"),
    "records": lambda n: _when("{a:" * n + "1" + "}" * n + " == {a: 1}"),
    "if then": lambda n: _when("if true then " * n + "true" + " else true" * n),
    "if else": lambda n: _when("if true then true else " * n + "true"),
    "and": lambda n: _when(" && ".join(["true"] * n)),
    "or": lambda n: _when(" || ".join(["false"] * n)),
    "sums": lambda n: _when("+".join(["1"] * n) + " == 1"),
    "products": lambda n: _when("*".join(["1"] * n) + " == 1"),
    "attributes": lambda n: _when("context" + ".a" * n + " == 1"),
    "indexes": lambda n: _when("context" + '["a"]' * n + " == 1"),
    "calls": lambda n: _when("context.kinds" + ".contains(1)" * n),
    "behind a comment that ends with a carriage return": lambda n: _when("true // \r && " + "(" * n + "true" + ")" * n),
    "behind a quotation mark that does not end": lambda n: _when('"a\\" == ' + "(" * n + "true" + ")" * n),
    "behind a backslash at the end of a line": lambda n: _when('"\\\n" == "' + "(" * n + "true" + ")" * n),
    "in the part of a template": lambda n: f"permit (principal == ?principal, action, resource) when {{ {'(' * n}",
}


@pytest.mark.parametrize("count", [1_000, 100_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_too_deep_is_an_error_and_not_the_end_of_the_process(shape: str, count: int, loaded: Loaded) -> None:
    """Each of these ends the process in the engine from some length on, or is refused by it."""
    with pytest.raises(ConfigError) as caught:
        loaded(layer(SHAPES[shape](count)))
    assert (caught.value.code, "policy.cedar" in caught.value.message) == ("bad-policy", True)


@pytest.mark.parametrize("shape", ["parentheses", "nots in parentheses", "if then", "if else", "and", "or", "sums"])
def test_what_the_limits_leave_is_decided_and_explained(shape: str, loaded: Loaded, ask: Ask) -> None:
    """The longest of each shape that passes is loaded, asked and explained like any other policy."""
    longest = max(n for n in range(1, MOST_DEPTH + 2) if excess(SHAPES[shape](n)) is None)
    policy = loaded(layer(SHAPES[shape](longest)))
    ruling = policy.decide(ask())
    assert (longest > 10, ruling.errors, len(policy.explain(ask()))) == (True, (), 1)


def test_brackets_and_quotation_marks_in_texts_and_comments_do_not_count(loaded: Loaded, ask: Ask) -> None:
    """Words are words, however many brackets are in them."""
    words = "(" * 60 + '\\"' + "[" * 60
    text = f'// {"(" * 500} "\n@why("{words}")\n' + _when("true")
    assert loaded(layer(text)).decide(ask()).policies == ("mine",)


def test_what_stands_side_by_side_does_not_add_up(loaded: Loaded, ask: Ask) -> None:
    """A long set is one operand, and so are many policies."""
    names = ", ".join(f'"ns-{number}"' for number in range(5_000))
    many = "\n".join(_when("1 == 2").replace("mine", f"mine-{number}") for number in range(300))
    text = _when(f"[{names}].contains(context.risk)").replace("{ [", "{ context has risk && [")
    assert loaded(layer(text + many)).decide(ask()).errors == ()


def test_the_shipped_texts_are_far_below_the_limits() -> None:
    """There is room for a team's own policy."""
    texts = [kernel_layer().text, default_layer().text]
    assert [excess(text) for text in texts] == [None, None]
    deepened = [text.replace("when {", "when { true" + " && true" * (MOST_DEPTH // 2) + " && ") for text in texts]
    assert [excess(text) for text in deepened] == [None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("// " + "x" * MOST_BYTES, "at most 524,288 are read"),
        (_when("(" * MOST_BRACKETS + "true" + ")" * MOST_BRACKETS), "more than 24 brackets are nested here"),
        (_when(" && ".join(["true"] * (MOST_DEPTH + 2))), "more than 60 operators stand on one another here"),
        (_when('"'), "a text in quotation marks does not end"),
    ],
)
def test_the_error_says_what_is_too_much(text: str, said: str, loaded: Loaded) -> None:
    """Each in words, with the place where there is one."""
    with pytest.raises(ConfigError, match=said):
        loaded(layer(text))


@given(st.text(alphabet='()[]{}"\\/ \n\r!&|,;a1', max_size=200))
def test_no_text_of_brackets_and_quotes_hides_its_depth(text: str) -> None:
    """Whatever the engine parses nests no deeper than was counted: its own JSON of it does not."""
    whole = _when(text)
    try:
        parsed = Cedar().parse(whole)
    except ValueError:
        return
    bodies = [condition["body"] for one in parsed["staticPolicies"].values() for condition in one["conditions"]]
    # Each level of the engine's JSON has two or three of our own: the operator and its sides.
    assert excess(whole) is not None or max(map(_depth, bodies), default=0) <= 3 * MOST_DEPTH


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)
