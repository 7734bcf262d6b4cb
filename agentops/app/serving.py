"""The runs of a door that stays open: one that reads are shared in, and one of its own for each piece of work.

Comes in: settings, a sandbox if one is played, and for each request the program that asks. Goes out: a wired ``App``. A
shared run is made anew after some minutes, so that its settings, its credentials and its budget are never old; whoever
still works in the old one ends there. Programs that may see different namespaces never share a run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agentops.app.connecting import OF_SCOPE
from agentops.app.run import App, open_app
from agentops.core.errors import PolicyRefused, ToolError, UsageError
from agentops.core.progress import Progress, no_progress

if TYPE_CHECKING:
    from agentops.app.mcp_clients import Client
    from agentops.app.sandboxes import AnySandbox
    from agentops.config import Settings

RENEWED_AFTER_S = 300.0
_MOST_SHARED = 8


def narrowed(settings: Settings, namespaces: tuple[str, ...]) -> Settings:
    """Return settings under which no read leaves some namespaces; what the settings allow is only made less.

    Raises:
        PolicyRefused: the settings allow none of them.
    """
    if not namespaces:
        return settings
    allowed = tuple(one for one in namespaces if not settings.namespaces or one in settings.namespaces)
    chosen = settings.namespace
    if not allowed or (chosen and chosen not in allowed):
        raise PolicyRefused(
            "this client may see none of the namespaces that agentops may look at here", code="out-of-scope"
        )
    again = settings.again
    return replace(
        settings,
        namespaces=allowed,
        provenance={**settings.provenance, "namespaces": OF_SCOPE},
        again=None if again is None else lambda: narrowed(again(), namespaces),
    )


@dataclass(slots=True)
class _SharedRun:
    """A run that several requests work in; it is closed by the last one that leaves after it was replaced."""

    app: App
    stack: ExitStack
    since: float
    users: int = 0
    is_old: bool = False


@dataclass(slots=True)
class Runs:
    """The runs of one door.

    Arguments:
        settings: read anew for each run; returns them as the files are now.
        inside: the sandbox that the door plays; None for real places.
        monotonic: seconds.
    """

    settings: Callable[[], Settings]
    inside: AnySandbox | None = None
    monotonic: Callable[[], float] = time.monotonic
    _shared: dict[tuple[str, ...], _SharedRun] = field(default_factory=dict, init=False)
    _gate: threading.Lock = field(default_factory=threading.Lock, init=False)
    _making: threading.Lock = field(default_factory=threading.Lock, init=False)

    @contextmanager
    def shared(self, client: Client, trace: str = "") -> Iterator[App]:
        """Yield the run that reads of programs with this scope are made in, as this program sees it.

        Raises:
            as ``open_app``.
        """
        held = self._held(client)
        try:
            yield held.app.seen_by(client, trace)
        finally:
            with self._gate:
                held.users -= 1
                done = held.is_old and held.users == 0
            if done:
                held.stack.close()

    def own(
        self, command: str, client: Client, *, trace: str = "", progress: Progress = no_progress
    ) -> AbstractContextManager[App]:
        """Return a run for one piece of work, with a beginning and an end on record.

        Raises:
            as ``open_app``.
        """
        return self._opened(
            f"mcp {command}", narrowed(self.settings(), client.scope.namespaces), client, trace, progress
        )

    def close(self) -> None:
        """Close the shared runs; one that somebody works in is closed when they leave."""
        with self._gate:
            idle = [one for one in self._shared.values() if one.users == 0]
            for one in self._shared.values():
                one.is_old = True
            self._shared.clear()
        for one in idle:
            one.stack.close()

    def _held(self, client: Client) -> _SharedRun:
        key = client.scope.namespaces
        if (found := self._fresh(key)) is not None:
            return found
        # One makes it, the others wait for that one.
        with self._making:
            if (found := self._fresh(key)) is not None:
                return found
            stack = ExitStack()
            settings = narrowed(self.settings(), key)
            app = stack.enter_context(self._opened("mcp serve", settings, None, "", no_progress))
            # Opened here once: several threads would each open them. Where nothing can be opened, each read says so.
            with suppress(UsageError, ToolError):
                app.services.connector.for_alert(None)
            made = _SharedRun(app=app, stack=stack, since=self.monotonic(), users=1)
            with self._gate:
                old = [self._shared.pop(key)] if key in self._shared else []
                if len(self._shared) >= _MOST_SHARED:
                    old.append(self._shared.pop(next(iter(self._shared))))
                self._shared[key] = made
                for one in old:
                    one.is_old = True
                idle = [one for one in old if one.users == 0]
        for one in idle:
            one.stack.close()
        return made

    def _fresh(self, key: tuple[str, ...]) -> _SharedRun | None:
        with self._gate:
            found = self._shared.get(key)
            if found is None or self.monotonic() - found.since > RENEWED_AFTER_S:
                return None
            found.users += 1
            return found

    def _opened(
        self, command: str, settings: Settings, client: Client | None, trace: str, progress: Progress
    ) -> AbstractContextManager[App]:
        return open_app(
            settings,
            command=command,
            sandbox=None,
            use_model=False,
            progress=progress,
            client=client,
            trace=trace,
            inside=self.inside,
        )


@contextmanager
def door_runs(settings: Callable[[], Settings], sandbox: str | None) -> Iterator[Runs]:
    """Yield the runs of a door; a sandbox is played until the block ends.

    Arguments:
        sandbox: a scenario's name, empty for the default one, None for real places.
    """
    with ExitStack() as stack:
        inside = None
        if sandbox is not None:
            from agentops.app.run import DEFAULT_SCENARIO, serving
            from agentops.app.sandboxes import load_scenario

            inside = stack.enter_context(serving(load_scenario(sandbox or DEFAULT_SCENARIO), no_progress))
        runs = Runs(settings=settings, inside=inside)
        stack.callback(runs.close)
        yield runs
