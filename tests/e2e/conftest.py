"""The end-to-end suite: the product's command line against a cluster, judged by a client of its own.

Runs on the simulator (``make e2e``) and, when ``AGENTOPS_E2E=1`` says so, on the cluster of ``KUBECONFIG``;
docs/e2e.md says how. What it makes bears a label of the run and is removed, also after Ctrl-C.
"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import kubeconfigs, simulator
from tests.e2e.client import Client
from tests.e2e.manifests import pod
from tests.e2e.product import Approver, Product
from tests.e2e.runs import Run, sweep
from tests.e2e.settings import SIMULATOR, NotAllowed, Setting, setting
from tests.e2e.snapshots import until
from tests.e2e.stages import Stage
from tests.e2e.wire import Tap

_HERE = Path(__file__).parent
_RUN = "AGENTOPS_E2E_RUN"
"""Set by the suite itself for its worker processes: the id of the run."""
_SIMULATOR = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--e2e`` starts the simulator; without it, and without AGENTOPS_E2E=1, nothing here runs."""
    parser.addoption("--e2e", action="store_true", help="run the end-to-end tests, on the simulator")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its id and, unless a cluster is asked for, start the simulator: once, for all workers."""
    if _is_worker(config):
        return
    if _wanted(config) and os.environ.get("AGENTOPS_E2E") != "1":
        process, os.environ[SIMULATOR] = simulator.start()
        config.stash[_SIMULATOR] = process
    if _setting(config) is not None:
        os.environ[_RUN] = secrets.token_hex(3)
        # Whoever ends the run from outside wants the cluster clean as well.
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove all that the run made, whichever process made it and however it ended."""
    where = _setting(session.config)
    if _is_worker(session.config) or where is None or _RUN not in os.environ:
        return
    left = sweep(Client(where.kubeconfig, where.context), os.environ.pop(_RUN))
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        raise pytest.UsageError(f"the run left behind: {', '.join(left)}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    if _SIMULATOR in config.stash:
        simulator.stop(config.stash[_SIMULATOR])
        del config.stash[_SIMULATOR]
        os.environ.pop(SIMULATOR, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is here, and skip it where nobody asked for it."""
    reason = _reason(config)
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_report_header(config: pytest.Config) -> str:
    """Say where it runs before it does."""
    where = _setting(config)
    if where is None:
        return f"e2e: {_reason(config)}"
    return f"e2e: {'the simulator' if where.simulated else f'context {where.context}'}, image {where.image}"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _wanted(config: pytest.Config) -> bool:
    return bool(config.getoption("e2e", False))


def _setting(config: pytest.Config) -> Setting | None:
    try:
        return setting(os.environ, wanted=_wanted(config))
    except NotAllowed:
        return None


def _reason(config: pytest.Config) -> str:
    """Return why nothing here runs; empty when it does."""
    try:
        setting(os.environ, wanted=_wanted(config))
    except NotAllowed as error:
        return str(error)
    return ""


@pytest.fixture(scope="session")
def where(pytestconfig: pytest.Config) -> Setting:
    """The cluster and what may be done there."""
    return setting(os.environ, wanted=_wanted(pytestconfig))


@pytest.fixture(scope="session")
def client(where: Setting) -> Client:
    """The suite's own client, as whoever the kubeconfig is of."""
    return Client(where.kubeconfig, where.context)


@pytest.fixture(scope="session")
def tap(client: Client) -> Iterator[Tap]:
    """The wire between the product and the cluster."""
    tap = Tap(client)
    yield tap
    tap.close()


@pytest.fixture(scope="session")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Approver:
    """A person who signs approvals."""
    return Approver.new(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="session")
def run(client: Client) -> Run:
    """What this process makes."""
    return Run(client=client, id=os.environ[_RUN], process=os.environ.get("PYTEST_XDIST_WORKER", "gw"))


@pytest.fixture
def stage(run: Run, client: Client, where: Setting, tap: Tap, ana: Approver, tmp_path: Path) -> Iterator[Stage]:
    """A namespace of the test's own, and the product behind the tap."""
    namespace = run.namespace()
    tap.clear()
    kubeconfig = kubeconfigs.of_tap(tap.url, tmp_path / "kubeconfig")
    product = Product.new(tmp_path, kubeconfig, namespace, home=ana.trusting)
    yield Stage(run=run, client=client, where=where, tap=tap, ana=ana, namespace=namespace, product=product)
    run.leave(namespace)


@pytest.fixture(scope="session")
def containers_run(run: Run, client: Client, where: Setting) -> str:
    """Why no test that needs running containers can run here; empty where a pod of the image becomes ready."""
    namespace = run.namespace()
    canary = pod(where.image, "canary")
    client.create({**canary, "metadata": {**canary["metadata"], "namespace": namespace}})

    def is_ready() -> bool:
        conditions = (client.get("Pod", "canary", namespace) or {}).get("status", {}).get("conditions") or ()
        return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)

    try:
        until("a pod becomes ready", is_ready, where.patience_s)
    except TimeoutError:
        return f"a pod of {where.image} does not become ready here"
    finally:
        client.delete("Namespace", namespace)
    return ""
