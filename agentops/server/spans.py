"""OpenTelemetry spans of the server, where ``[server] otel`` is on: one a tool call, and one a step of a plan.

Comes in: calls with the W3C parent of their ``_meta``, and the steps of the guard. Goes out: spans to whatever exporter
the OpenTelemetry SDK's own variables (``OTEL_*``) name. A span has names, a plan's code and a status, never an
argument, a text of a system or a message. The SDK is no dependency of agentops; nothing of it is imported unless it is
asked for.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ConfigError
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings

_STEP = re.compile(r"(step|apply|verify|rollback)(?:-(\d+))?")
_STEP_NAMES = {"step": "plan step", "apply": "apply step", "verify": "verify", "rollback": "roll back"}
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")
_EXPORTERS = "opentelemetry_traces_exporter"


@dataclass(slots=True)
class CallSpan:
    """The span of one call; without a tracer it does nothing.

    Arguments:
        span: OpenTelemetry's own.
        start: starts a span under this one.
    """

    span: Any = None
    start: Callable[[str], Any] | None = None
    _open: dict[str, Any] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def say(self, **said: str) -> None:
        """Set attributes by their last word: ``client``, ``tool``, ``plan``, ``status``."""
        if self.span is not None:
            self.span.set_attributes({f"agentops.{name}": value for name, value in said.items()})

    def ended(self, document: Mapping[str, Any], *, is_error: bool) -> None:
        """Set what came of the call, as far as it is a word of ours."""
        status = document.get("status")
        said = {"status": status if isinstance(status, str) and _WORD.fullmatch(status) else "error"}
        if not is_error and "status" not in document:
            said["status"] = "done"
        plan = document.get("plan")
        if isinstance(plan, str) and _WORD.fullmatch(plan):
            said["plan"] = plan
        self.say(**said)
        if is_error:
            self.failed()

    def failed(self) -> None:
        """Mark the span as failed; why is for the audit log."""
        if self.span is not None:
            from opentelemetry.trace import StatusCode

            self.span.set_status(StatusCode.ERROR)

    def steps(self, progress: Progress) -> Progress:
        """Return what takes the steps of the work, makes a span of each step of a plan, and passes all of them on."""
        if self.start is None:
            return progress

        def take(step: Step) -> None:
            self._take(step)
            progress(step)

        return take

    def close(self) -> None:
        """End what was not brought to its end, as failed."""
        with self._lock:
            left, self._open = list(self._open.values()), {}
        for span in left:
            from opentelemetry.trace import StatusCode

            span.set_status(StatusCode.ERROR)
            span.end()

    def _take(self, step: Step) -> None:
        found = _STEP.fullmatch(step.key) if step.stage is Stage.CHANGE else None
        if found is None or self.start is None:
            return
        with self._lock:
            span = self._open.get(step.key)
            if span is None:
                span = self._open[step.key] = self.start(_STEP_NAMES[found[1]])
                if found[2]:
                    # The guard counts what it plans from one and what it applies from zero.
                    span.set_attribute("agentops.step", int(found[2]) + (found[1] == "apply"))
            if step.done:
                self._open.pop(step.key).end()


@dataclass(slots=True)
class Spans:
    """Makes the spans of one server; without a tracer, none.

    Arguments:
        tracer: OpenTelemetry's own.
        shutdown: sends what is left, at the end.
    """

    tracer: Any = None
    shutdown: Callable[[], None] = lambda: None

    @contextmanager
    def call(self, trace: str) -> Iterator[CallSpan]:
        """Yield the span of a tool call.

        Arguments:
            trace: the W3C ``traceparent`` of the request; empty: the span begins a trace of its own.
        """
        if self.tracer is None:
            yield CallSpan()
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        parent = TraceContextTextMapPropagator().extract({"traceparent": trace} if trace else {}, Context())
        span = self.tracer.start_span("tools/call", context=parent, kind=SpanKind.SERVER)
        beneath = set_span_in_context(span, Context())
        found = CallSpan(span, lambda name: self.tracer.start_span(name, context=beneath))
        try:
            yield found
        except BaseException:
            found.failed()
            raise
        finally:
            found.close()
            span.end()

    def close(self) -> None:
        """Send what is left."""
        self.shutdown()


def spans_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Spans:
    """Return the spans of a server: none unless the setting is on.

    Raises:
        ConfigError: it is on, and the SDK or the exporter that is named is not installed.
    """
    if not settings.otel:
        return Spans()
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
    except ImportError as error:
        raise _missing("opentelemetry-sdk") from error
    given = trace.get_tracer_provider()
    if isinstance(given, TracerProvider):
        # Whoever started this process has set one up, and ends it.
        return Spans(given.get_tracer("agentops"))
    made = _provider(environ)
    return Spans(made.get_tracer("agentops"), made.shutdown)


def _provider(environ: Mapping[str, str]) -> Any:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "agentops"}
    provider = TracerProvider(resource=Resource.create(named))
    for name in (environ.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        if name.strip() != "none":
            provider.add_span_processor(BatchSpanProcessor(_exporter(name.strip(), environ)))
    return provider


def _exporter(name: str, environ: Mapping[str, str]) -> Any:
    from importlib.metadata import entry_points

    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    if name == "console":
        return ConsoleSpanExporter(out=sys.stderr)  # Standard output is the wire.
    package = f"opentelemetry-exporter-{one_line(name, 40)}"
    if name == "otlp":
        kinds = (environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), environ.get("OTEL_EXPORTER_OTLP_PROTOCOL"))
        name = "otlp_proto_grpc" if "grpc" in kinds else "otlp_proto_http"
        package = f"opentelemetry-exporter-{name.replace('_', '-')}"
    found = [one for one in entry_points(group=_EXPORTERS) if one.name == name]
    if not found:
        raise _missing(package)
    return found[0].load()()


def _missing(package: str) -> ConfigError:
    return ConfigError(
        f"server.otel is on, but {package} is not installed",
        hint="Install opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http beside agentops, "
        "or set otel = false under [server].",
    )
