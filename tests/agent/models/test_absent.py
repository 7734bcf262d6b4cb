"""``absent``: one thread does not find a package, and nobody else notices."""

from __future__ import annotations

import sys
import threading

import pytest

from agentops.agent.models.absent import absent


def test_only_this_thread_and_only_for_now(tmp_path, monkeypatch):
    """Within the block the import fails here and works in another thread; afterwards it works here."""
    (tmp_path / "optional_part.py").write_text("here = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = []

    def elsewhere():
        import optional_part

        found.append(optional_part.here)
        del sys.modules["optional_part"]

    with absent("optional_part"):
        with pytest.raises(ModuleNotFoundError, match="optional_part"):
            __import__("optional_part")
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert (found, __import__("optional_part").here) == ([True], True)
    del sys.modules["optional_part"]


def test_the_finder_is_taken_out_again():
    """Whatever happens in the block, the import system is as before."""
    before = list(sys.meta_path)
    with pytest.raises(RuntimeError), absent("x"):
        raise RuntimeError
    assert sys.meta_path == before
