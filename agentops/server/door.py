"""``Door``: one server's requests, from what a program sends to what it gets; whichever way the bytes come.

Comes in: requests of the ``mcp`` SDK, of both eras of the protocol. Goes out: its results. What an agent asks for runs
in worker threads, few of them for what takes long, and a request that finds no room is told so. Each request is on
record under the program's name before anything comes of it. Asyncio lives in this folder and nowhere below.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import anyio
import mcp_types as types
from anyio import CapacityLimiter, to_thread
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from agentops.agent.audited import for_audit
from agentops.agent.deferred import TOOL_READ
from agentops.agent.fence import Fence
from agentops.app.apply_pending import question_for
from agentops.app.mcp_clients import Client, ClientScope
from agentops.app.pending import decline_pending
from agentops.app.reading import read_tools
from agentops.app.run import App
from agentops.app.serving import Runs
from agentops.core.errors import AgentopsError, Busy, NotApproved, PolicyRefused, UsageError
from agentops.core.json_schema import called_wrongly, faults, without_absent
from agentops.core.text import one_line
from agentops.server.answers import ToolAnswer, defect, fitted, refusal, result_of
from agentops.server.catalogue import APPLY, ServedTool, catalogue, listed
from agentops.server.confirming import ASK_S, OpenQuestions, Relayed, declares_forms, elicitation, relayed
from agentops.server.programs import Programs, claims_of, trace_of
from agentops.server.reporting import Reporting
from agentops.server.spans import CallSpan, Spans
from agentops.server.work import Asking
from agentops.store.pending import PendingPlan

logger = logging.getLogger(__name__)
Context = ServerRequestContext[Any, Any]
T = TypeVar("T")
READS_AT_ONCE = 16
WORK_AT_ONCE = 4
_MOST_WAITING = 64
_MOST_SCOPES = 64


@dataclass(slots=True)
class Door:
    """What answers at one door.

    Arguments:
        runs: the runs that work is done in.
        programs: who asks.
        who: returns the program of a request, or raises; how that is established differs from way to way.
        profile: which tools there are; see ``catalogue``.
        spans: where calls are traced.
    """

    runs: Runs
    programs: Programs
    who: Callable[[Context], Client]
    profile: str = "full"
    spans: Spans = field(default_factory=Spans)
    _reads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(READS_AT_ONCE), init=False)
    _works: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WORK_AT_ONCE), init=False)
    _listed: dict[ClientScope, tuple[str, tuple[ServedTool, ...]]] = field(default_factory=dict, init=False)
    _questions: OpenQuestions = field(default_factory=lambda: OpenQuestions(time.monotonic), init=False)

    async def tools(self, ctx: Context) -> tuple[ServedTool, ...]:
        """Return the tools that a program gets, in one order.

        Raises:
            MCPError: it may do nothing here, asks too often, or no run can be opened for it.
        """
        return await self._on_record(ctx, self._catalogue)

    async def noted(self, ctx: Context) -> None:
        """Count and record a request whose answer is the same for every program.

        Raises:
            MCPError: the program may do nothing here, or asks too often.
        """
        await self._on_record(ctx, lambda _app, _client: None)

    async def _on_record(self, ctx: Context, look: Callable[[App, Client], T], code: int = types.INVALID_REQUEST) -> T:
        """Count and record a request, and return what ``look`` finds in the run that reads are shared in.

        Raises:
            MCPError: the program may do nothing here; with ``code`` where it asks too often, or ``look`` fails.
        """
        client = await self._named(ctx)

        def work() -> T:
            with self.runs.shared(client, trace_of(ctx.meta)) as app:
                self._note(app, ctx)
                return look(app, client)

        try:
            await self._require_room(client)
            return await self._thread(work, self._reads)
        except AgentopsError as error:
            raise refused(error, code) from error

    async def _named(self, ctx: Context) -> Client:
        try:
            return self.who(ctx)
        except AgentopsError as error:
            await self._thread(self.programs.refusals.write, self._reads)
            raise refused(error) from error

    async def _require_room(self, client: Client) -> None:
        try:
            self.programs.require_room(client)
        except AgentopsError:
            await self._thread(self.programs.refusals.write, self._reads)
            raise

    async def list_tools(self, ctx: Context) -> types.ListToolsResult:
        """Return the list, cut to what a conversation can bear."""
        return types.ListToolsResult(tools=[one.on_the_wire() for one in listed(await self.tools(ctx))])

    async def call(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Call one tool; whatever goes wrong is an answer in words.

        Raises:
            MCPError: there is no such tool for this program.
        """
        with self.spans.call(trace_of(ctx.meta)) as span:
            result = await self._called(ctx, params, span)
            if isinstance(result, types.CallToolResult):
                span.ended(result.structured_content or {}, is_error=bool(result.is_error))
            else:
                span.say(status="input_required")
            return result

    async def _called(
        self, ctx: Context, params: types.CallToolRequestParams, span: CallSpan
    ) -> types.CallToolResult | types.InputRequiredResult:
        client = await self._named(ctx)
        span.say(client=client.name)
        try:
            await self._require_room(client)
            # What is quick is done in one go: each way into a thread and back costs as much as a small read.
            taken = await self._thread(lambda: self._quick(ctx, client, params, span), self._reads)
            if isinstance(taken, types.CallToolResult):
                return taken
            tool, arguments = taken
            relaying = await self._relayed(ctx, client, params, arguments) if tool.name == APPLY else None
            if isinstance(relaying, types.InputRequiredResult):
                return relaying
            answer = await self._worked(ctx, client, tool, arguments, relaying, span)
        except AgentopsError as error:
            answer = refusal(error, changes=params.name == APPLY)
        except MCPError:
            raise
        except Exception as error:
            logger.debug("a tool failed", exc_info=True)
            answer = defect(error)
        return await self._thread(lambda: self._result(client, answer), self._reads)

    def _quick(
        self, ctx: Context, client: Client, params: types.CallToolRequestParams, span: CallSpan
    ) -> types.CallToolResult | tuple[ServedTool, Mapping[str, Any]]:
        """Return the answer of a tool that takes no time to speak of, or the tool and its arguments.

        Raises:
            MCPError: there is no such tool for this program.
            AgentopsError: it is refused, or fails.
        """
        tool, arguments = self._taken(ctx, client, params, span)
        if tool.heavy:
            return tool, arguments
        return self._result(client, tool.work(self._asking(ctx, client, arguments)))

    async def kept(self, ctx: Context, look: Callable[[App], Mapping[str, Any]]) -> str:
        """Return something that was kept, as fenced text.

        Raises:
            MCPError: it is not there, or may not be seen.
        """

        def work(app: App, client: Client) -> str:
            (content,) = self._result(client, ToolAnswer(document=dict(look(app)))).content
            return content.text if isinstance(content, types.TextContent) else ""

        return await self._on_record(ctx, work, types.INVALID_PARAMS)

    def _catalogue(self, app: App, client: Client) -> tuple[ServedTool, ...]:
        """Return the tools of a program; they stay the same as long as the run that reads are shared in does."""
        run, known = app.log.run, self._listed.get(client.scope)
        if known is not None and known[0] == run:
            return known[1]
        try:
            reads = read_tools(app)
        except AgentopsError:
            # Nothing can be read now; plans can be looked at all the same, and each tool says what is wrong.
            return catalogue((), self.profile, client.scope.has)
        if len(self._listed) >= _MOST_SCOPES:
            self._listed.clear()
        found = catalogue(reads, self.profile, client.scope.has)
        self._listed[client.scope] = (run, found)
        return found

    def _taken(
        self, ctx: Context, client: Client, params: types.CallToolRequestParams, span: CallSpan
    ) -> tuple[ServedTool, Mapping[str, Any]]:
        """Return the tool and its arguments, once they fit and the call is on record.

        Raises:
            MCPError: there is no such tool for this program.
            UsageError: the arguments do not fit.
        """
        given = dict(params.arguments or {})
        with self.runs.shared(client, trace_of(ctx.meta)) as app:
            tool = next((one for one in self._catalogue(app, client) if one.name == params.name), None)
            inner = str(given.get("tool")) if params.name == TOOL_READ else params.name
            is_own = tool is not None and tool.own_record and client.scope.has(inner)
            if not is_own:
                self._note(app, ctx)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {one_line(params.name, 60)!r} for you here.")
        span.say(tool=tool.name)  # A name that there is; what else was sent may be anything.
        if not client.scope.has(inner):
            # What is called through another tool is in the program's scope, or it is not called.
            raise PolicyRefused(f"{one_line(inner, 60)!r} is not in your scope", code="out-of-scope")
        if tool.own_record:
            return tool, given  # The toolbox checks and records it.
        checked = without_absent(tool.schema, given)
        if wrong := faults(tool.schema, checked):
            raise UsageError(called_wrongly(tool.name, wrong), code="bad-arguments")
        return tool, checked

    def _note(self, app: App, ctx: Context) -> None:
        """Put a request on record: its method, its names and its redacted arguments, none of them long."""
        said = {name: value for name, value in (ctx.params or {}).items() if name in ("name", "uri", "arguments")}
        app.log.append(
            "mcp_request", {"method": ctx.method, **for_audit(fitted(app.services.redactor.value(said), 4_000))}
        )

    async def _worked(
        self,
        ctx: Context,
        client: Client,
        tool: ServedTool,
        arguments: Mapping[str, Any],
        relaying: Relayed | None,
        span: CallSpan,
    ) -> ToolAnswer:
        if self._works.statistics().tasks_waiting >= _MOST_WAITING:
            raise Busy("too many requests wait already")
        async with Reporting.of(ctx) as progress:
            asking = replace(self._asking(ctx, client, arguments), progress=span.steps(progress), relaying=relaying)
            return await self._thread(lambda: tool.work(asking), self._works)

    def _asking(self, ctx: Context, client: Client, arguments: Mapping[str, Any]) -> Asking:
        return Asking(
            runs=self.runs,
            client=client,
            arguments=arguments,
            readings=self.programs.readings_of(client),
            trace=trace_of(ctx.meta),
        )

    async def _relayed(
        self,
        ctx: Context,
        client: Client,
        params: types.CallToolRequestParams,
        arguments: Mapping[str, Any],
    ) -> Relayed | types.InputRequiredResult | None:
        """Ask the person through the program, where that may count; None where they are not asked so.

        Raises:
            NotApproved: they were asked, and it is no yes.
        """
        code = str(arguments.get("plan_digest", ""))

        def look() -> PendingPlan | None:
            with self.runs.shared(client, trace_of(ctx.meta)) as app:
                return question_for(app, code)

        pending = await self._thread(look, self._reads)
        if pending is None or not declares_forms(ctx.session.client_capabilities):
            return None
        try:
            if params.request_state is not None:
                return self._questions.answered(pending, client.name, params.request_state, params.input_responses)
            if not ctx.session.can_send_request:
                return self._questions.ask(pending, client.name)
            with anyio.fail_after(ASK_S):
                said = await ctx.session.send_request(
                    elicitation(pending), types.ElicitResult, metadata=_related(ctx), request_read_timeout_seconds=ASK_S
                )
            return relayed(pending, client.name, said.action, said.content)
        except NotApproved as error:
            await self._thread(partial(self._not_confirmed, client, pending, error), self._reads)
            raise
        except (TimeoutError, MCPError, ValueError) as error:
            # A program that promised to ask and does not: nothing was said, so nothing is approved.
            raise NotApproved(
                f"the client did not bring an answer about plan {pending.plan.code}", code="not-asked"
            ) from error

    def _not_confirmed(self, client: Client, pending: PendingPlan, error: NotApproved) -> None:
        with self.runs.shared(client) as app:
            app.log.append("approval_not_relayed", {"digest": pending.plan.digest, "code": error.code})
            if error.code == "declined":
                decline_pending(app.settings, pending.plan.digest, f"declined through {client.name}")

    def _result(self, client: Client, answer: ToolAnswer) -> types.CallToolResult:
        try:
            with self.runs.shared(client) as app:
                return result_of(answer, Fence(app.services.nonce), app.services.redactor.value)
        except AgentopsError:
            # No run can be opened, which the answer says: nothing was read that a run would have learned to hide.
            from agentops.redaction.redactor import SecretRedactor

            return result_of(answer, Fence(secrets.token_hex(4)), SecretRedactor().value)

    async def _thread(self, work: Callable[[], T], limiter: CapacityLimiter) -> T:
        # Never abandoned: what was begun of a change is brought to its end, whoever went away.
        return await to_thread.run_sync(work, limiter=limiter)


def _related(ctx: Context) -> Any:
    from mcp.shared.message import ServerMessageMetadata

    return ServerMessageMetadata(related_request_id=ctx.request_id)


def refused(error: AgentopsError, code: int = types.INVALID_REQUEST) -> MCPError:
    """Return an error as the protocol's own: the request itself is refused, whatever tool it names."""
    return MCPError(code, f"{error.message} {error.hint}".strip())


def of_stdio(programs: Programs) -> Callable[[Context], Client]:
    """Return what names the program at the other end of standard input.

    Its own word is taken once a request, for in the stateless era there is no other place where it stands.
    """

    return lambda ctx: programs.over_stdio(_claims(ctx))


def of_http(programs: Programs) -> Callable[[Context], Client]:
    """Return what names the program whose token a request shows; without one there is none."""
    from mcp.server.auth.middleware.auth_context import get_access_token

    def who(ctx: Context) -> Client:
        token = get_access_token()
        if token is None or not token.subject:
            raise PolicyRefused("no token was shown", code="no-token")
        return programs.over_http(token.subject, _claims(ctx))

    return who


def _claims(ctx: Context) -> dict[str, str]:
    """Return what the program of a request says of itself; the SDK has it from the handshake, or from the request."""
    told = ctx.session.client_params
    return claims_of(told.client_info if told is not None else None)
