"""Kubeconfig files as people have them: each mistake is one line that says what to do."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import ClusterError, UsageError
from agentops.providers.kubernetes.api.client import Cluster, connect

Write = Callable[..., Path]


def join(kubeconfig: Path | None, folder: Path, **choice: str) -> Cluster:
    """Connect with a cache in ``folder``."""
    return connect(
        kubeconfig=kubeconfig,
        context=choice.get("context"),
        namespace=choice.get("namespace"),
        cache_dir=folder / "cache",
    )


def test_a_context_can_be_chosen(write_kubeconfig: Write, tmp_path: Path) -> None:
    """--context and --namespace override the file; a context without a namespace means default."""
    path = write_kubeconfig(1)
    seen = [join(path, tmp_path, context="other"), join(path, tmp_path, namespace="data")]
    assert [(c.context, c.namespace) for c in seen] == [("other", "default"), ("test", "data")]


def test_an_unknown_context_lists_those_there_are(write_kubeconfig: Write, tmp_path: Path) -> None:
    """The hint names the contexts of the file."""
    path = write_kubeconfig(1)
    with pytest.raises(UsageError) as caught:
        join(path, tmp_path, context="prod")
    assert (caught.value.message, caught.value.hint) == (
        f"the kubeconfig {path} has no context 'prod'",
        "Its contexts are: test, other",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("{not yaml", "cannot be used"),
        ("just text", "cannot be used"),
        ("\x00\x01", "cannot be used"),
        ('{"clusters": [], "contexts": [], "users": []}', "has no current context"),
        ('{"current-context": "gone", "clusters": [], "contexts": [], "users": []}', "does not exist in it"),
        (
            '{"current-context": "a", "clusters": [], "users": [], '
            '"contexts": [{"name": "a", "context": {"cluster": "x"}}]}',
            "cannot be used",
        ),
        ('{"current-context": "a", "contexts": [{"no": "name"}]}', "cannot be used"),
        ('{"current-context": "a", "contexts": 5}', "cannot be used"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, content: str, said: str) -> None:
    """Whatever is wrong in the file, the error is a usage error on one line that names the file."""
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        join(path, tmp_path)
    assert (said in caught.value.message, str(path) in caught.value.message, "\n" in caught.value.message) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize("server", ["", "not a url", "ftp://x", "https://", "http://[::1", "https://x:99999", 5])
def test_a_server_that_is_no_address_is_refused(tmp_path: Path, server: Any) -> None:
    """Nothing is sent to localhost because a server was left out or misspelt."""
    path = tmp_path / "config"
    cluster = {"server": server} if server != "" else {"insecure-skip-tls-verify": True}
    document = {
        "current-context": "a",
        "clusters": [{"name": "x", "cluster": cluster}],
        "users": [],
        "contexts": [{"name": "a", "context": {"cluster": "x"}}],
    }
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError) as caught:
        join(path, tmp_path)
    assert str(path) in caught.value.message


@pytest.mark.slow
def test_credentials_that_run_out_are_said(stub: Any, write_kubeconfig: Write, tmp_path: Path) -> None:
    """A plugin that fails when a token is to be renewed is an error in words, not an anonymous call."""
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "short-lived", "expirationTimestamp": "2020-01-01T00:00:00Z"},
    }
    once = tmp_path / "once"
    body = (
        f"import pathlib, sys\np = pathlib.Path({str(once)!r})\n"
        f"sys.exit('login expired') if p.exists() else p.touch()\nprint({json.dumps(answer)!r})"
    )
    cluster = join(write_kubeconfig(stub.port, plugin(tmp_path, body)), tmp_path)
    with pytest.raises(ClusterError) as caught:
        cluster.version()
    assert (caught.value.code, "login expired" in caught.value.message, stub.requests) == ("unauthorized", True, [])


def test_a_missing_file_and_a_directory_are_told_apart(tmp_path: Path) -> None:
    """The path and what is wrong with it are in the message."""
    with pytest.raises(UsageError, match="does not exist"):
        join(tmp_path / "nothing", tmp_path)
    with pytest.raises(UsageError, match="is a folder, not a file"):
        join(tmp_path, tmp_path)


def test_kubeconfig_may_list_several_files(
    write_kubeconfig: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KUBECONFIG is a path list; files that do not exist are skipped, as kubectl does."""
    path = write_kubeconfig(1)
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{path}")
    assert join(None, tmp_path).context == "test"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="KUBECONFIG names no file that exists"):
        join(None, tmp_path)


def test_no_cluster_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a kubeconfig and outside a pod the error points to the sandbox."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ClusterError) as caught:
        join(None, tmp_path)
    assert (caught.value.code, "--sandbox" in caught.value.hint) == ("no-cluster", True)
    with pytest.raises(UsageError, match="there is no kubeconfig to find the context"):
        join(None, tmp_path, context="prod")


def plugin(folder: Path, body: str) -> dict[str, Any]:
    """Return a user whose credentials come from a program."""
    script = folder / "plugin.py"
    script.write_text(body)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(script)],
            "interactiveMode": "Never",
        }
    }


@pytest.mark.slow
def test_an_exec_plugin_gives_the_token(stub: Any, write_kubeconfig: Write, tmp_path: Path) -> None:
    """Cloud clusters log in through a program; its token is what is sent."""
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "from-plugin"},
    }
    user = plugin(tmp_path, f"print({json.dumps(answer)!r})")
    stub.script("/version", (200, {"gitVersion": "v1.34.0"}))
    assert join(write_kubeconfig(stub.port, user), tmp_path).version() == "v1.34.0"
    assert stub.requests[0][3]["authorization"] == "Bearer from-plugin"


@pytest.mark.slow
def test_a_failing_exec_plugin_is_quoted(
    write_kubeconfig: Write, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The plugin's own words are in the error, and nothing is written past it."""
    user = plugin(tmp_path, "import sys; sys.exit('session has expired, run: cloud login')")
    with pytest.raises(ClusterError) as caught:
        join(write_kubeconfig(1, user), tmp_path)
    assert caught.value.code == "unauthorized"
    assert "session has expired, run: cloud login" in caught.value.message
    assert capfd.readouterr().err == ""


def test_the_kubeconfig_is_never_written(stub: Any, write_kubeconfig: Write, tmp_path: Path) -> None:
    """Reading leaves the file as it was, byte for byte."""
    path = write_kubeconfig(stub.port)
    before = path.read_bytes()
    path.chmod(stat.S_IRUSR)
    stub.script("/version", (200, {"gitVersion": "v1"}))
    join(path, tmp_path).version()
    assert path.read_bytes() == before
