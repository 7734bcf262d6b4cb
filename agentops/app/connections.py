"""Opens the providers that a run needs, each pinned to one place for the whole run.

Comes in: the registered providers, and the alert or the scopes that a run is about. Goes out: ``Connections``. Each
scope is on record before anything is read from it. A provider that the alert does not name and that the settings do
not lead to is left out, and said to be; the run fails only when nothing can be opened.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from agentops.core.alert import AlertGroup
from agentops.core.analysis import Gap
from agentops.core.errors import NO_CLUSTER, AgentopsError, ToolError, ToolInputError, UsageError
from agentops.core.provider import ONLY, Connection, Provider, ProviderContext, Reader, nothing_to_close
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.text import one_line

_CLOSE_S = 20.0
"""How long the end of a run waits for what was started; what is still there then ends with the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """The providers that are open for what a run is about.

    Arguments:
        opened: at least one; the first is the one that the alert names, if it names any.
        gaps: providers that could not be opened, and why.
    """

    opened: tuple[Connection, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def readers(self) -> tuple[Reader, ...]:
        """What reads, of every open provider."""
        return tuple(one.reader for one in self.opened)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What the run is pinned to, of every open provider but witnesses: nothing depends on where they look.

        Where there are only witnesses, it is pinned to them.
        """
        pinned = [one for one in self.opened if not one.provider.is_witness] or self.opened
        return tuple(one.reader.scope for one in pinned)

    @property
    def lead(self) -> Scope:
        """The scope that names the run where one name must do."""
        return self.opened[0].reader.scope

    def of(self, ref: ResourceRef) -> Connection:
        """Return the provider of a resource.

        Raises:
            ToolInputError: none that is open has it.
        """
        for one in self.opened:
            if one.provider.origin == ref.origin:
                return one
        raise ToolInputError(f"no provider that is open has {one_line(ref.origin, 60)!r}")

    def of_scheme(self, scheme: str) -> Connection:
        """Return the provider whose references have this scheme.

        Raises:
            ToolInputError: none that is open has it.
        """
        for one in self.opened:
            if one.provider.scheme == scheme:
                return one
        raise ToolInputError(f"no provider that is open has the scheme {scheme!r}")


class Connector:
    """Opens providers on demand, each once.

    Arguments:
        context: returns what providers are opened with; asked when the first one is, for a simulated world may not be
            there before.
        announce: told that a provider is about to be opened, and its scope once it is.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        context: Callable[[], ProviderContext],
        announce: Callable[[Provider, Scope | None], None],
    ) -> None:
        self._providers = tuple(providers)
        self._context = context
        self._announce = announce
        self._opened: dict[str, Connection] = {}

    def for_alert(self, group: AlertGroup | None) -> Connections:
        """Open every provider whose resources the alert may be about; all of them without an alert.

        A witness is opened after the others, and only beside one of them unless it stands alone.

        Raises:
            UsageError, ToolError: nothing can be opened; the error of the provider that the alert names comes first.
        """
        configured = self._configured()
        claims = [(one, one.claim(group) if group is not None else None) for one in self._providers]
        wanted = [
            (one, claim)
            for one, claim in claims
            if (one in configured and (claim is not None or group is None)) or (claim is not None and claim.is_asked)
        ]
        # What the alert names exactly is opened first, and must open.
        wanted.sort(key=lambda pair: (pair[0].is_witness, pair[1] is None or not pair[1].exact))
        opened: list[Connection] = []
        failed: list[tuple[Provider, AgentopsError]] = []
        for provider, claim in wanted:
            if provider.is_witness and not provider.stands_alone and not opened:
                continue
            try:
                opened.append(self._open(provider))
            except (UsageError, ToolError) as error:
                if claim is not None and claim.exact:
                    raise
                failed.append((provider, error))
        missed = next((error for one, error in failed if not one.is_witness and error.code != NO_CLUSTER), None)
        if missed is not None and all(one.provider.is_witness for one in opened):
            # What the run is about is elsewhere than what it would go on with.
            raise missed
        if not opened:
            raise failed[0][1] if failed else UsageError("no provider knows what this alert is about")
        return Connections(opened=tuple(opened), gaps=_gaps(failed))

    def for_scopes(self, scopes: Iterable[Scope], *, witnesses: bool = False) -> Connections:
        """Open the providers of these scopes; whether they lead to the same places is for the caller to compare.

        Arguments:
            witnesses: open the witnesses of the settings beside them.

        Raises:
            UsageError, ToolError: one of them cannot be opened, or there is no such provider.
        """
        names = dict.fromkeys(scope.provider for scope in scopes)
        known = {one.name: one for one in self._providers}
        missing = [name for name in names if name not in known]
        if missing:
            raise UsageError(f"there is no provider {missing[0]!r}", hint=f"There are: {', '.join(known)}.")
        opened = [self._open(known[name]) for name in names]
        failed: list[tuple[Provider, AgentopsError]] = []
        for provider in self._configured() if witnesses else ():
            if not provider.is_witness:
                continue
            try:
                opened.append(self._open(provider))
            except (UsageError, ToolError) as error:
                failed.append((provider, error))
        return Connections(opened=tuple(opened), gaps=_gaps(failed))

    def close(self) -> None:
        """End what was started for the open providers; none of them raises."""
        closing = [one for one in self._opened.values() if one.close is not nothing_to_close]
        threads = [threading.Thread(target=one.close, daemon=True) for one in closing]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_CLOSE_S)

    def _configured(self) -> list[Provider]:
        options = self._context().options
        return [one for one in self._providers if one.is_configured(options) and not self._is_closed(one)]

    def _is_closed(self, provider: Provider) -> bool:
        return provider.name not in self._context().options.get(ONLY, (provider.name,))

    def _open(self, provider: Provider) -> Connection:
        if self._is_closed(provider):
            raise UsageError(
                f"a sandbox or a dump is looked at, and {provider.title} is no part of it",
                hint="Leave out --sandbox or --from, or name something that is there.",
            )
        if provider.name not in self._opened:
            self._announce(provider, None)
            beside = tuple(one.home for one in self._opened.values())
            connection = provider.connect(replace(self._context(), beside=beside))
            self._announce(provider, connection.reader.scope)
            self._opened[provider.name] = connection
        return self._opened[provider.name]


def _gaps(failed: Iterable[tuple[Provider, AgentopsError]]) -> tuple[Gap, ...]:
    """Return what was not opened; a witness is never needed, nor a cluster that nobody named."""
    return tuple(
        Gap(
            what=provider.name,
            reason=error.message,
            provider=provider.title,
            needed=not provider.is_witness and error.code != NO_CLUSTER,
        )
        for provider, error in failed
    )
