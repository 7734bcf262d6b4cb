"""The composition root: settings in, a wired ``App`` out. The only place that knows every wing."""

from agentops.wiring.app import (
    DEFAULT_SCENARIO,
    App,
    current_actor,
    new_run,
    open_app,
    tool_specs,
)
from agentops.wiring.connecting import connect
from agentops.wiring.models import model_trouble

__all__ = [
    "DEFAULT_SCENARIO",
    "App",
    "connect",
    "current_actor",
    "model_trouble",
    "new_run",
    "open_app",
    "tool_specs",
]
