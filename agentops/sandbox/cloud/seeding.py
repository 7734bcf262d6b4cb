"""``CloudWorld``: carries out a scenario's steps on a server of moto, and asks it whether a check holds.

Comes in: steps, ``{call: SERVICE.Operation, with: arguments, keep: {name: path}}``. What a step keeps is put in where
a later text has ``${name}``; ``${-12m}`` is a time before now; ``PATH after TEXT`` keeps what
stands behind a text. Goes out: the world, and the alarm. Used in the child
process and by the oracle; speaks to one address only.
"""

from __future__ import annotations

import io
import os
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.cloud.scenario import CloudScenario

_TOKEN = re.compile(r"\$\{([^}]+)\}")
_AGO = re.compile(r"-(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STEP = timedelta(minutes=5)
_AT_ONCE = 100
ACCOUNT = "123456789012"
BUILDER = "agentops-sandbox-builder"
"""What a world's own requests are known by: the layer lets moto itself answer them."""


class CloudWorld:
    """A server's content.

    Arguments:
        url: of moto's server.
        now: the moment to which times before now relate.
    """

    def __init__(self, url: str, region: str, now: datetime, kept: Mapping[str, Any] | None = None) -> None:
        self.url, self.region, self.now = url, region, now
        self.kept: dict[str, Any] = {"account": ACCOUNT, "region": region, **(kept or {})}
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def build(self, scenario: CloudScenario) -> dict[str, Any]:
        """Carry out the steps, put in the metrics, raise the alarm, and return it as ``describe-alarms`` has it."""
        for step in scenario.steps:
            self.perform(step)
        for metric in scenario.metrics:
            self._measure(metric)
        return self._raise_alarm(dict(scenario.alarm or {}))

    def perform(self, step: Mapping[str, Any]) -> Any:
        """Carry out one call and keep what the step says."""
        import jmespath

        service, _, operation = str(step["call"]).partition(".")
        answer = self._client(service)._make_api_call(operation, self.filled(step.get("with") or {}))
        for name, path in (step.get("keep") or {}).items():
            where, _, word = str(path).partition(" after ")
            found = jmespath.search(where, answer)
            self.kept[name] = str(found).partition(self.filled(word))[2] if word else found
        return answer

    def holds(self, check: Mapping[str, Any]) -> bool:
        """Return whether what a call answers at a path is what the check says; a call that fails has None there."""
        import jmespath
        from botocore.exceptions import ClientError

        try:
            found = jmespath.search(str(check["path"]), self.perform({**check, "keep": {}}))
        except ClientError:
            found = None
        return bool(found == self.filled(check["is"])) if "is" in check else found not in (None, [], "", 0)

    def filled(self, value: Any) -> Any:
        """Return a value with every ``${...}`` replaced."""
        if isinstance(value, str):
            whole = _TOKEN.fullmatch(value)
            return self._token(whole[1]) if whole else _TOKEN.sub(lambda found: str(self._token(found[1])), value)
        if isinstance(value, Mapping):
            return {key: self.filled(one) for key, one in value.items()}
        return [self.filled(one) for one in value] if isinstance(value, list) else value

    def ago(self, text: str) -> datetime:
        """Return the time of ``-12m``; of ``now`` the present.

        Raises:
            ValueError: it is no such time.
        """
        if text == "now":
            return self.now
        found = _AGO.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no time before now")
        return self.now - timedelta(**{_UNITS[found[2]]: int(found[1])})

    def _token(self, name: str) -> Any:
        if name == "zip":
            return _package()
        if name == "now" or _AGO.fullmatch(name):
            return self.ago(name)
        if name.startswith("ms:"):
            return int(self.ago(name.removeprefix("ms:")).timestamp() * 1000)
        return self.kept[name]

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                self._clients[service] = _session().create_client(
                    service,
                    endpoint_url=self.url,
                    region_name=self.region,
                    aws_access_key_id="sandbox",
                    aws_secret_access_key="sandbox",  # noqa: S106 - moto takes any
                    config=Config(retries={"total_max_attempts": 1}, proxies={}, user_agent_extra=BUILDER),
                )
            return self._clients[service]

    def _measure(self, metric: Mapping[str, Any]) -> None:
        dimensions = [{"Name": key, "Value": value} for key, value in self.filled(metric["dimensions"]).items()]
        data = [
            {"MetricName": metric["name"], "Dimensions": dimensions, "Timestamp": at, "Value": value}
            for at, value in self._points(metric)
        ]
        for start in range(0, len(data), _AT_ONCE):
            part = data[start : start + _AT_ONCE]
            self._client("cloudwatch").put_metric_data(Namespace=metric["namespace"], MetricData=part)

    def _points(self, metric: Mapping[str, Any]) -> Iterator[tuple[datetime, float]]:
        for part in metric["values"]:
            at, until = self.ago(str(part["from"])), self.ago(str(part.get("until", "now")))
            value, step = float(part["value"]), float(part.get("grows", 0))
            while at < until:
                yield at, value
                at, value = at + _STEP, value + step

    def _raise_alarm(self, alarm: dict[str, Any]) -> dict[str, Any]:
        from moto.backends import get_backend

        state, reason = alarm.pop("state", "ALARM"), alarm.pop("reason", "Threshold Crossed")
        at = self.ago(str(alarm.pop("at")))
        sent = self.filled(alarm)
        name, client = sent["AlarmName"], self._client("cloudwatch")
        client.put_metric_alarm(**sent)
        client.set_alarm_state(AlarmName=name, StateValue=state, StateReason=self.filled(reason))
        # The server dates it now; an alarm that a person looks at began some minutes ago.
        kept: Any = get_backend("cloudwatch")[ACCOUNT][self.region].alarms[name]
        kept.state_updated_timestamp = at
        found = client.describe_alarms(AlarmNames=[name])
        return {key: found[key] for key in ("MetricAlarms", "CompositeAlarms")}


def _session() -> Any:
    """Return a session that reads no file and no profile of the user's."""
    from botocore.session import Session

    session = Session()
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    session.session_var_map["profile"] = (None, None, None, None)
    return session


def _package() -> bytes:
    """Return a package of a function, as a zip file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        package.writestr("app.py", "def handler(event, context):\n    return event\n")
    return held.getvalue()
