"""``Claude``: the model behind the Anthropic SDK; the only file that imports it.

Comes in: requests. Goes out: turns, always streamed. It works with the Anthropic API, with any endpoint that speaks
its protocol (``ANTHROPIC_BASE_URL``), and with Bedrock and Vertex by setting. Retries are ours, bounded and visible.
Everything that the SDK or its transport can raise leaves here as a ``ModelFailure``. It must never show or keep a key.

The stream is read as plain dicts through ``client.post``, the SDK's documented way to call an endpoint by path, and not
through ``messages.stream``: that one parses half-finished tool arguments, hides a broken stream, changes blocks that it
does not know, and spends 0.1 s on building its types before the first event.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from agentops.agent.model import (
    BadAnswer,
    EndlessAnswer,
    ModelFailure,
    ModelRequest,
    ModelUnreachable,
    NoCredentials,
    RequestRejected,
    StreamCut,
    Turn,
)
from agentops.agent.models import credentials
from agentops.agent.models.absent import absent
from agentops.agent.models.api_errors import failure_of
from agentops.agent.models.pricing import priced
from agentops.agent.models.request_body import Features, body
from agentops.agent.models.retry import Retries, pause
from agentops.agent.models.stream import StreamedTurn
from agentops.agent.models.turn_bounds import MIB, TurnBounds
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from anthropic import Anthropic, AnthropicBedrock, AnthropicVertex

_Client = TypeVar("_Client")

DEFAULT_MODEL = "claude-opus-5-5"
TURN_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeSettings:
    """How to reach the model.

    Arguments:
        model: the provider's id of it.
        provider: ``anthropic`` (also every compatible endpoint), ``bedrock`` or ``vertex``.
        features: thinking, effort and caching.
        region: of the cloud; empty leaves it to the cloud's own settings.
        project: of Vertex; empty leaves it to Google's own settings.
        max_output_tokens: of one turn, reasoning included.
        read_timeout_s: longest silence of an open stream, and the longest time with nothing but pings in it.
        turn_timeout_s: of one turn in all.
        turn_bytes: of all that an endpoint sends in one turn, unpacked.
        connect_timeout_s: longest wait for a connection.
    """

    model: str = DEFAULT_MODEL
    provider: str = "anthropic"
    features: Features = Features()
    region: str = ""
    project: str = ""
    max_output_tokens: int = 16_000
    read_timeout_s: float = 300.0
    turn_timeout_s: float = TURN_TIMEOUT_S
    turn_bytes: int = 8 * MIB
    connect_timeout_s: float = 10.0


class Claude:
    """A ``Model``. ``environ`` is where keys are looked for; the SDK reads the same process environment by itself."""

    def __init__(self, settings: ClaudeSettings, *, retries: Retries, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._retries = retries
        self._environ = environ
        self._features = settings.features
        self._bounds = TurnBounds(
            size_bytes=settings.turn_bytes, turn_s=settings.turn_timeout_s, idle_s=settings.read_timeout_s
        )
        self._preparation: threading.Thread | None = None
        self._client: Any = None
        self._failure: ModelFailure | None = None

    @property
    def name(self) -> str:
        """The model's id."""
        return self._settings.model

    def prepare(self) -> None:
        """Import the SDK and make its client in a thread; it takes seconds, and the sweep takes them too."""
        if self._preparation is None and credentials.are_configured(self._settings.provider, self._environ):
            self._preparation = threading.Thread(target=self._make_client, name="model-sdk", daemon=True)
            self._preparation.start()

    def turn(self, request: ModelRequest, progress: Progress) -> Turn:
        """Take one turn; ask again, as a whole, while the failure is one that passes.

        Raises:
            ModelFailure: what happened, and what to do next.
            KeyboardInterrupt: Ctrl-C; the stream is closed.
        """
        attempt = 1
        while True:
            try:
                return self._attempt(request, progress)
            except ModelFailure as failure:
                if isinstance(failure, RequestRejected) and self._adapt(failure, progress):
                    continue
                if not failure.retryable:
                    raise
                if attempt >= self._retries.attempts:
                    failure.args = (f"{failure.message} (given up after {plural(attempt, 'attempt')})",)
                    failure.message = str(failure)
                    raise
                pause(failure, attempt, self._retries, progress)
                attempt += 1

    def _adapt(self, failure: RequestRejected, progress: Progress) -> bool:
        """Leave out, for the rest of the run, the feature that the endpoint complains about, if it names one."""
        features = self._features.without(failure.message)
        if features is None:
            return False
        self._features = features
        progress(Step(stage=Stage.NOTICE, text=f"asking again without it: {one_line(failure.message, 200)}"))
        return True

    def _attempt(self, request: ModelRequest, progress: Progress) -> Turn:
        client = self._ready_client()
        try:
            with self._bounds.turn():
                return self._asked(client, request, progress)
        except ModelFailure as failure:
            if not self._bounds.why:
                raise
            raise EndlessAnswer(
                f"{self._endpoint()} {self._bounds.why}; its answer was thrown away",
                hint="Check ANTHROPIC_BASE_URL, or run with --no-model.",
            ) from failure

    def _asked(self, client: Any, request: ModelRequest, progress: Progress) -> Turn:
        import anthropic
        import httpx2

        streamed = StreamedTurn(progress)
        sent = body(
            request,
            model=self._settings.model,
            max_tokens=self._settings.max_output_tokens,
            features=self._features,
        )
        try:
            stream = client.post(
                "/v1/messages", body=sent, cast_to=object, stream=True, stream_cls=anthropic.Stream[object]
            )
            with stream:
                for event in stream:
                    self._bounds.heard()
                    if isinstance(event, Mapping):
                        streamed.feed(event)
                turn = streamed.turn(request_id=_request_id(stream.response.headers))
        except anthropic.APIStatusError as error:
            raise self._refused(error) from error
        except anthropic.APIConnectionError as error:
            raise self._unreachable(error) from error
        except anthropic.CredentialsError as error:
            raise NoCredentials(f"the key cannot be read: {one_line(str(error))}", hint=credentials.HINT) from error
        except (httpx2.HTTPError, OSError) as error:
            raise StreamCut(f"the answer broke off: {_brief(error)}") from error
        except (anthropic.AnthropicError, httpx2.InvalidURL, RuntimeError) as error:
            raise ModelFailure(f"the request could not be made: {_brief(error)}") from error
        except (KeyError, TypeError, ValueError, AttributeError, AssertionError) as error:
            raise BadAnswer(
                f"{self._endpoint()} answered with something that is not a stream of messages: {_brief(error)}",
                hint="Check ANTHROPIC_BASE_URL.",
            ) from error
        usage = priced(turn.usage, self._settings.model) if self._settings.provider == "anthropic" else turn.usage
        return Turn(**{name: getattr(turn, name) for name in Turn.__dataclass_fields__} | {"usage": usage})

    def _refused(self, error: Any) -> ModelFailure:
        headers = error.response.headers
        return failure_of(
            status=error.status_code,
            kind=error.type or "",
            message=error.api_message or one_line(str(error), 300),
            headers=headers,
            endpoint=self._endpoint(),
            request_id=_request_id(headers),
        )

    def _unreachable(self, error: BaseException) -> ModelFailure:
        cause = error.__cause__ or error
        return ModelUnreachable(
            f"no answer from {self._endpoint()}: {_brief(cause)}",
            hint="Check the network, the proxy and ANTHROPIC_BASE_URL, or run with --no-model.",
        )

    def _endpoint(self) -> str:
        url = getattr(self._client, "base_url", None)
        return f"{url.scheme}://{url.netloc.decode()}" if url is not None else self._settings.provider

    # -- the client ----------------------------------------------------------------------------------------------

    def _ready_client(self) -> Any:
        if not credentials.are_configured(self._settings.provider, self._environ):
            raise NoCredentials("no key for the model is configured; nothing was sent", hint=credentials.HINT)
        self.prepare()
        if self._preparation is not None:
            self._preparation.join()
        if self._failure is not None:
            raise self._failure
        if self._client is None:
            raise ModelFailure("the model's SDK could not be loaded", hint="Run `agentops doctor`.", code="model-sdk")
        return self._client

    def _make_client(self) -> None:
        """Runs in the thread; what goes wrong is kept for the first turn."""
        # Collecting cycles while thousands of classes are made finds nothing, and costs 6 % of the import.
        # Frozen, they are not gone through by later collections either, 0.15 s each time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            with absent("aiohttp"):
                self._client = _client(self._settings, self._bounds)
        except ModelFailure as failure:
            self._failure = failure
        except (ImportError, ValueError, TypeError, RuntimeError, OSError) as error:
            self._failure = ModelFailure(
                f"the client for {self._settings.provider} cannot be made: {_brief(error)}",
                hint="Check the provider's settings and variables; see docs/models.md.",
                code="model-sdk",
            )
        finally:
            gc.freeze()
            if collecting:
                gc.enable()


def _client(settings: ClaudeSettings, bounds: TurnBounds) -> Anthropic | AnthropicBedrock | AnthropicVertex:
    """Return the provider's client, without retries of its own; it follows no redirect, whose target would get the key.

    Raises:
        NoCredentials: the SDK finds no key, region or project.
    """
    import anthropic
    import httpx2

    timeout = httpx2.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s)
    sending: dict[str, Any] = {"timeout": timeout, "max_retries": 0}
    try:
        http = anthropic.DefaultHttpxClient(timeout=timeout, follow_redirects=False, event_hooks=bounds.hooks())
        sending["http_client"] = http
        if settings.provider == "bedrock":
            return _closing(anthropic.AnthropicBedrock(aws_region=settings.region or None, **sending), http)
        if settings.provider == "vertex":
            return _closing(_vertex(settings, sending), http)
        client = _closing(anthropic.Anthropic(**sending), http)
    except anthropic.AnthropicError as error:
        raise NoCredentials(f"the key cannot be read: {one_line(str(error))}", hint=credentials.HINT) from error
    except httpx2.InvalidURL as error:
        raise ModelFailure(
            f"the address of the model or of a proxy is not a URL: {_brief(error)}",
            hint="Check ANTHROPIC_BASE_URL, HTTPS_PROXY and HTTP_PROXY.",
            code="model-sdk",
        ) from error
    if not (client.api_key or client.auth_token or client.credentials):
        raise NoCredentials("no key for the model is configured; nothing was sent", hint=credentials.HINT)
    return client


def _closing(client: _Client, http: Any) -> _Client:
    """Return the client, with whose end its connections end; the SDK closes only an HTTP client that it made itself."""
    weakref.finalize(client, http.close)
    return client


def _vertex(settings: ClaudeSettings, sending: Mapping[str, Any]) -> AnthropicVertex:
    import importlib.util

    import anthropic

    if importlib.util.find_spec("google") is None or importlib.util.find_spec("google.auth") is None:
        raise NoCredentials("Vertex needs the package google-auth", hint="pip install 'anthropic[vertex]'")
    return anthropic.AnthropicVertex(
        region=settings.region or anthropic.NOT_GIVEN,
        project_id=settings.project or anthropic.NOT_GIVEN,
        **sending,
    )


def _request_id(headers: Mapping[str, str]) -> str:
    return headers.get("request-id", "") or headers.get("x-amzn-requestid", "")


def _brief(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, 200)
