"""The kubectl battery: what people type, and what a real cluster answers."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.tables import read_yaml

_HERE = Path(__file__).parent
_DATA = read_yaml(_HERE / "kubectl_battery.yaml")


@pytest.fixture
def battery() -> Any:
    """The runner beside this file; test modules cannot import one another by name."""
    spec = importlib.util.spec_from_file_location("kubectl_battery", _HERE / "kubectl_battery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
@pytest.mark.parametrize("group", _DATA["groups"], ids=lambda group: group["group"])
def test_kubectl_answers_as_on_a_real_cluster(battery: Any, group: dict[str, Any]) -> None:
    """Every command of the group exits and prints as written down in kubectl_battery.yaml."""
    seen = [
        (step["run"], code, [one for one in step["has"] if one in output] if "has" in step else output)
        for step, code, output in battery.run_group(_DATA, group)
    ]
    wanted = [
        (step["run"], step.get("code", 0), step["has"] if "has" in step else step["out"]) for step in group["steps"]
    ]
    assert seen == wanted
