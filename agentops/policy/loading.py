"""``load_policy``: makes the policy that decides from layers of text, tools and settings. No file is read here.

Everything is checked before anything is decided: syntax, ids, annotations, what each layer may hold, and every policy
against the schema. What does not hold is an error; there is no policy with a part left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentops.core.errors import ConfigError
from agentops.core.tool import ToolSpec
from agentops.policy.decide import CedarPolicy, Loaded, UnavailablePolicy
from agentops.policy.engine import Cedar, Engine, EngineError
from agentops.policy.explain import Explainer
from agentops.policy.layers import PolicyLayer, arranged
from agentops.policy.rules import check_types, named_actions, read_rules
from agentops.policy.schema import schema_json
from agentops.policy.settings import PolicySettings
from agentops.policy.vocabulary import ALWAYS, actions_of, representatives


def load_policy(
    layers: Iterable[PolicyLayer], *, tools: Iterable[ToolSpec], settings: PolicySettings, engine: Engine | None = None
) -> CedarPolicy:
    """Return the policy made of the kernel, ``layers``, and the shipped default where they hold no base.

    Arguments:
        layers: what was read by ``files.read_layers``; may be empty.
        tools: the declarations of every tool that may be ruled on, reads included.
        settings: the ``[policy]`` section.
        engine: Cedar, unless a test says otherwise.

    Raises:
        ConfigError: a file, a policy or a tool's name cannot be used, or the engine is missing.
    """
    cedar = engine or Cedar()
    every = arranged(layers)
    actions = (*actions_of(tools), *ALWAYS)
    rules = read_rules(every, cedar)
    named = named_actions(rule.body for rule in rules.values())
    text = "\n".join(layer.text for layer in every)
    check_types(rules, cedar, text, schema_json(representatives(actions, named)))
    loaded = Loaded(layers=every, rules=rules, schema=schema_json(actions), settings=settings)
    try:
        judge = cedar.compile(text, tuple(rules), loaded.schema)
    except EngineError as error:
        raise ConfigError(f"the policy cannot be compiled: {error}", code="bad-policy") from error
    return CedarPolicy(loaded, judge, Explainer(rules, cedar, loaded.schema))


def policy_or_refusal(
    layers: Iterable[PolicyLayer], *, tools: Iterable[ToolSpec], settings: PolicySettings, engine: Engine | None = None
) -> CedarPolicy | UnavailablePolicy:
    """Return the policy, or one that refuses every change where it cannot be loaded."""
    try:
        return load_policy(layers, tools=tools, settings=settings, engine=engine)
    except ConfigError as error:
        return UnavailablePolicy(error)
