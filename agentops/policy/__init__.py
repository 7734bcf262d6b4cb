"""The policy engine: what may be changed, by whom, where, and who must agree. Public face of this package.

Wiring reads the files (``files.read_layers``), loads (``load_policy`` or ``policy_or_refusal``) and hands the result to
the guard as its ``Policy``. The guard asks with requests that ``facts.request_for`` makes of what was previewed.
"""

from agentops.core.policy_facts import decide_all, inverted, request_for, requests_for
from agentops.policy.decide import CedarPolicy, UnavailablePolicy
from agentops.policy.files import read_layers
from agentops.policy.layers import LayerKind, PolicyLayer
from agentops.policy.loading import load_policy, policy_or_refusal
from agentops.policy.replay import replay
from agentops.policy.settings import PolicySettings, settings_of

__all__ = [
    "CedarPolicy",
    "LayerKind",
    "PolicyLayer",
    "PolicySettings",
    "UnavailablePolicy",
    "decide_all",
    "inverted",
    "load_policy",
    "policy_or_refusal",
    "read_layers",
    "replay",
    "request_for",
    "requests_for",
    "settings_of",
]
