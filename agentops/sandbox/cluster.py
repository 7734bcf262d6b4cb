"""``Sandbox``: a scenario's cluster behind a real socket, with a kubeconfig, an alert, and time that goes on.

Comes in: a scenario. Goes out: an HTTPS URL on loopback that any Kubernetes client can use, a kubeconfig in a private
folder with a context for each user, and the scenario's alert as Alertmanager would post it. Must never listen on
anything but loopback, answer anyone without credentials, or leave its folder behind.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from agentops.core.clock import Clock, to_iso, utc_now
from agentops.core.place_identity import PlaceIdentity, fingerprint, server_address
from agentops.core.provider import ONLY
from agentops.sandbox.api_server import ApiServer
from agentops.sandbox.kubelet.logs import NodeReports
from agentops.sandbox.objects import pod_ready
from agentops.sandbox.programs import seconds
from agentops.sandbox.scenario import Scenario
from agentops.sandbox.simulation import Simulation
from agentops.sandbox.store import Obj, StoreEvent
from agentops.sandbox.users import CONTEXT, LOGINS, credentials_of, kubeconfig

_TICK_S = 0.25
_log = logging.getLogger(__name__)


class Sandbox:
    """A running sandbox; use it as a context manager, or call ``start`` and ``stop``.

    Arguments:
        scenario: what to play, from ``scenario.load``.
        seed: decides names and uids.
        now: the clock that the simulated one follows once the history has been played.
        state: manifests saved by ``dump``; given, they are loaded in place of playing the scenario.
        ticking: False leaves time standing still but for ``advance``; for tests.
        new_token: makes each user's bearer token.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int = 0,
        now: Clock = utc_now,
        state: Sequence[Obj] | None = None,
        ticking: bool = True,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        self.scenario = scenario
        self.context = CONTEXT
        self.url = ""
        self._new_token = new_token
        self._seed, self._now, self._state, self._ticking = seed, now, state, ticking
        self._ahead = timedelta()
        self._folder: Path | None = None
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._ticker: threading.Thread | None = None
        self._server: ApiServer | None = None
        self._simulation: Simulation | None = None

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def simulation(self) -> Simulation:
        """The cluster itself, for tests and the oracle."""
        if self._simulation is None:
            self._simulation = Simulation(self.scenario, seed=self._seed, now=self._now())
        return self._simulation

    @property
    def kubeconfig(self) -> Path:
        """The path of a kubeconfig with a context for each user; there once ``start`` has returned."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="agentops-sandbox-"))
        return self._folder / "kubeconfig"

    @property
    def place_options(self) -> dict[str, Any]:
        """What leads the providers into it, and keeps them from everything else."""
        return {"kubeconfig": self.kubeconfig, "context": self.context, ONLY: ("kubernetes",)}

    @property
    def server(self) -> ApiServer:
        """The API server, for faults, cut watches and expired tokens; there once ``start`` has returned."""
        if self._server is None:
            raise RuntimeError("the sandbox has not been started")
        return self._server

    @property
    def identity(self) -> PlaceIdentity:
        """What proves that a connection leads here: the address, and the authority that was made for this process."""
        return PlaceIdentity(
            server=server_address(self.url), proof=fingerprint(self.server.ca_certificate.encode("ascii"))
        )

    @property
    def alert_payload(self) -> dict[str, Any]:
        """The scenario's alert as an Alertmanager webhook (version 4) document."""
        return alert_payload(self.simulation)

    def start(self) -> None:
        """Play the history up to now, serve, and let time go on."""
        simulation = self.simulation
        if self._state is None:
            simulation.play()
        else:
            simulation.resume(self._state)
        reports = NodeReports(simulation.world, simulation.kubelet)
        tokens = {self._new_token(): login.user for login in LOGINS if not login.by_certificate}
        self._server = ApiServer(simulation.store, logs=reports, usage=reports, tokens=tokens, tls=True)
        self.url = self._server.start()
        self._write_kubeconfig(credentials_of(tokens, self._server.client_certificate))
        simulation.store.subscribe(self._notice)
        if self._ticking:
            self._ticker = threading.Thread(target=self._tick, name="sandbox-clock", daemon=True)
            self._ticker.start()

    def stop(self) -> None:
        """Stop serving and remove the kubeconfig; may be called twice."""
        self._stopping.set()
        self._changed.set()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def advance(self, seconds: float) -> None:
        """Jump ahead: all that would happen within ``seconds`` has happened when this returns."""
        with self.simulation.store.lock:
            self._ahead += timedelta(seconds=seconds)
            self.simulation.advance(seconds)

    def dump(self) -> list[Obj]:
        """Return the whole state as plain manifests, for ``state``."""
        return self.simulation.store.dump()

    def _tick(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait(_TICK_S)
            self._changed.clear()
            if not self._stopping.is_set():
                try:
                    self.simulation.run_until(self._now() + self._ahead)
                except Exception as error:  # noqa: BLE001  time goes on, whatever this tick ran into
                    _log.warning("sandbox: the clock could not go on and tries again: %r", error)

    def _notice(self, _: StoreEvent) -> None:
        # A write through the API wakes the controllers at once and not at the next tick.
        self._changed.set()

    def _write_kubeconfig(self, credentials: Mapping[str, Mapping[str, str]]) -> None:
        document = kubeconfig(
            url=self.url,
            authority=self.server.ca_certificate,
            credentials=credentials,
            namespace=self.scenario.namespace,
        )
        path = self.kubeconfig
        path.touch(mode=0o600)
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")


def alert_payload(simulation: Simulation) -> dict[str, Any]:
    """Return a scenario's alert as an Alertmanager webhook (version 4) document.

    A label value ``$pod:Pod/NAMESPACE/PREFIX`` becomes the name of a pod with that prefix, an unready one if any.
    """
    raw: Mapping[str, Any] = simulation.scenario.alert
    labels = {"alertname": raw["name"], "severity": raw.get("severity", "warning"), "cluster": CONTEXT}
    labels |= {name: _filled(simulation, str(value)) for name, value in (raw.get("labels") or {}).items()}
    annotations = {name: str(raw[name]) for name in ("summary", "description", "runbook_url") if raw.get(name)}
    started_at = simulation.present + timedelta(seconds=seconds(raw["at"]))
    alert = {
        "status": raw.get("status", "firing"),
        "labels": labels,
        "annotations": annotations,
        "startsAt": to_iso(started_at),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.monitoring:9090/graph?g0.expr=ALERTS&g0.tab=1",
        "fingerprint": hashlib.blake2b(json.dumps(labels, sort_keys=True).encode(), digest_size=8).hexdigest(),
    }
    if alert["status"] == "resolved":
        alert["endsAt"] = to_iso(simulation.present)
    group = {name: labels[name] for name in ("alertname", "namespace") if name in labels}
    return {
        "receiver": "agentops",
        "status": alert["status"],
        "alerts": [alert],
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "http://alertmanager.monitoring:9093",
        "version": "4",
        "groupKey": "{}:{" + ", ".join(f'{name}="{value}"' for name, value in group.items()) + "}",
        "truncatedAlerts": 0,
    }


def _filled(simulation: Simulation, value: str) -> str:
    if not value.startswith("$pod:"):
        return value
    _, namespace, prefix = value.removeprefix("$pod:").split("/")
    pods = [pod for pod in simulation.store.list("Pod", namespace) if pod["metadata"]["name"].startswith(prefix)]
    pods.sort(key=lambda pod: (pod_ready(pod), pod["metadata"]["name"]))
    return str(pods[0]["metadata"]["name"]) if pods else prefix.rstrip("-")
