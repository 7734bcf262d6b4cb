"""``PrometheusClient`` and ``AlertmanagerClient``: the few requests that agentops makes of them, all of them GET.

Comes in: a query, a time. Goes out: series, alerts, rules, targets as the API's own JSON or as ``QueryAnswer``. What
comes back is untrusted text.

Form: prometheus.io/docs, "HTTP API"; Alertmanager's ``api/v2/openapi.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.resource import check_name
from agentops.core.text import one_line
from agentops.providers.monitoring.endpoint import HttpEndpoint
from agentops.providers.prometheus.objects.series import QueryAnswer, query_answer

EVALUATION_S = 20
"""How long the server itself may work on a query; less than the deadline of the request, so that its words arrive."""
_WARNINGS = 5


class PrometheusClient:
    """Asks one Prometheus, or what speaks its API (Thanos, Mimir, VictoriaMetrics)."""

    def __init__(self, endpoint: HttpEndpoint) -> None:
        self._endpoint = endpoint

    @property
    def url(self) -> str:
        """Its address."""
        return self._endpoint.url

    def query(self, expression: str, at: datetime) -> QueryAnswer:
        """Return what an expression comes to at one moment.

        Raises:
            ToolInputError: it is no PromQL; in Prometheus' own words.
            ToolError: as ``HttpEndpoint.get_json``, or the query failed.
        """
        asked = (("query", expression), ("time", _seconds(at)), ("timeout", f"{EVALUATION_S}s"))
        data, warnings = self._data("/api/v1/query", asked)
        return query_answer(data, warnings)

    def query_range(self, expression: str, start: datetime, end: datetime, step_s: int) -> QueryAnswer:
        """Return what an expression came to at each step of a time.

        Raises:
            ToolInputError, ToolError: as ``query``.
        """
        asked = (
            ("query", expression),
            ("start", _seconds(start)),
            ("end", _seconds(end)),
            ("step", str(step_s)),
            ("timeout", f"{EVALUATION_S}s"),
        )
        data, warnings = self._data("/api/v1/query_range", asked)
        return query_answer(data, warnings)

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Return the alerts that are pending or firing."""
        return self._objects("/api/v1/alerts", "alerts")

    def rule_groups(self) -> Sequence[Mapping[str, Any]]:
        """Return the groups of rules, each with its ``rules``."""
        return self._objects("/api/v1/rules", "groups")

    def active_targets(self) -> Sequence[Mapping[str, Any]]:
        """Return what is scraped."""
        return self._objects("/api/v1/targets", "activeTargets", (("state", "active"),))

    def version(self) -> str:
        """Return its version; empty where what speaks its API does not tell one."""
        data, _ = self._data("/api/v1/status/buildinfo")
        return one_line(str(data.get("version", "")), 40) if isinstance(data, Mapping) else ""

    def _objects(self, path: str, member: str, query: Sequence[tuple[str, str]] = ()) -> Sequence[Mapping[str, Any]]:
        """Return the objects of a list; an answer without one is no empty list, which would say that all is well."""
        data, _ = self._data(path, query)
        listed = data.get(member) if isinstance(data, Mapping) else None
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            raise ToolError(f"{self.url}{path} answers with no list of {member}")
        return listed

    def _data(self, path: str, query: Sequence[tuple[str, str]] = ()) -> tuple[Any, tuple[str, ...]]:
        """Return the ``data`` of an answer, and the server's warnings."""
        document = self._endpoint.get_json(path, query)
        if not isinstance(document, Mapping) or document.get("status") != "success":
            said = one_line(str(document.get("error", "")), 300) if isinstance(document, Mapping) else ""
            hint = "Is prometheus_url the address of Prometheus itself?"
            raise ToolError(f"{self.url}{path} answers {said or 'with no document of Prometheus'}", hint=hint)
        told = document.get("warnings")
        warnings = tuple(one_line(str(one), 200) for one in told[:_WARNINGS]) if isinstance(told, list) else ()
        return document.get("data"), warnings


class AlertmanagerClient:
    """Asks one Alertmanager for its alerts."""

    def __init__(self, endpoint: HttpEndpoint) -> None:
        self._endpoint = endpoint

    @property
    def url(self) -> str:
        """Its address."""
        return self._endpoint.url

    def alerts(self, namespaces: Sequence[str] = ()) -> Sequence[Mapping[str, Any]]:
        """Return the alerts that it has now, as ``/api/v2/alerts`` lists them: silenced and inhibited ones too.

        Arguments:
            namespaces: only those with one of them as their label ``namespace``; empty for all.

        Raises:
            ToolError: as ``HttpEndpoint.get_json``, or it answers with something else.
        """
        document = self._endpoint.get_json("/api/v2/alerts", _within(namespaces))
        if not isinstance(document, list) or not all(isinstance(item, Mapping) for item in document):
            hint = "Is alertmanager_url the address of Alertmanager itself, with its prefix?"
            raise ToolError(f"{self.url}/api/v2/alerts does not answer with a list of alerts", hint=hint)
        return document

    def version(self) -> str:
        """Return its version."""
        document = self._endpoint.get_json("/api/v2/status")
        info = document.get("versionInfo") if isinstance(document, Mapping) else None
        return one_line(str(info.get("version", "")), 40) if isinstance(info, Mapping) else ""


def _within(namespaces: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Return the matcher that keeps an Alertmanager's answer to some namespaces; their names hold no quote."""
    if not namespaces:
        return ()
    for name in namespaces:
        check_name(name, "namespace")
    return (("filter", f'namespace=~"{"|".join(name.replace(".", "[.]") for name in namespaces)}"'),)


def _seconds(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}"
