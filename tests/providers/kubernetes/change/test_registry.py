"""The registry of change tools: each tool is declared beside its code, once, and nothing is imported to list them.

What each tool does under its name is tried by the cases of test_undo_leads_back.py and test_preview_wire.py.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from agentops.core.tool import ChangeTool, Effect
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS, CHANGE_TARGETS, CHANGE_TOOLS, change_tools


def test_every_tool_is_named_once() -> None:
    """No two tools share a name, and the specs and targets that others read are those of the registry."""
    names = [tool.spec.name for tool in CHANGE_TOOLS]
    assert (sorted(set(names)), names, names) == (sorted(names), [s.name for s in CHANGE_SPECS], [*CHANGE_TARGETS])


def test_every_tool_is_the_function_in_the_file_of_its_name() -> None:
    """``kubernetes_scale`` is ``scale`` of ``tools/scale.py``, so that no name can be bound to another tool's code."""
    found = [(tool.function.__module__.rpartition(".")[2], tool.function.__name__) for tool in CHANGE_TOOLS]
    wanted = [tool.spec.name.removeprefix("kubernetes_") for tool in CHANGE_TOOLS]
    assert found == [(name, name) for name in wanted]


def test_a_bound_tool_keeps_its_declaration(stub_tools: Mapping[str, ChangeTool]) -> None:
    """Bound to a cluster, each name leads to the spec, the kinds and the code that were declared together."""
    found: list[Any] = [stub_tools[tool.spec.name] for tool in CHANGE_TOOLS]
    assert [(one.spec, one.kinds, one.function) for one in found] == [
        (tool.spec, tool.kinds, tool.function) for tool in CHANGE_TOOLS
    ]


def test_every_tool_is_declared_as_a_change() -> None:
    """All of them change something, under a schema that takes nothing undeclared."""
    assert {(spec.effect, spec.schema["additionalProperties"]) for spec in CHANGE_SPECS} == {(Effect.CHANGE, False)}


def test_declarations_are_read_without_an_sdk() -> None:
    """Whoever lists the tools does not import the Kubernetes SDK, nor YAML, nor a decoder."""
    program = f"import sys, {change_tools.__module__}; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"kubernetes", "yaml", "msgspec", "urllib3"} & set(done.stdout.split()) == set()
