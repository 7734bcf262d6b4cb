"""``ClientLog``: the audit log of a run, as one program that asks through another door writes to it.

Comes in: records. Goes out: the same, each with which program asked, and with the trace that its request is part of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.core.audit import AuditRecord

if TYPE_CHECKING:
    from agentops.audit.log import ChainLog


class ClientLog:
    """A run's log for one program. It closes nothing and signs nothing: that is for whoever opened the run.

    Arguments:
        said: what each record carries besides its own payload: ``client``, and ``trace`` where there is one.
    """

    def __init__(self, log: ChainLog, said: Mapping[str, Any]) -> None:
        self._log = log
        self._said = dict(said)

    @property
    def run(self) -> str:
        """The run id that every record of this log carries."""
        return self._log.run

    @property
    def head(self) -> tuple[int, str]:
        """As of the log itself."""
        return self._log.head

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        """Append one record, with who asked; durable when this returns.

        Raises:
            AuditError: it could not be written; do not go on.
        """
        return self._log.append(event, {**payload, **self._said})

    def append_all(self, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[AuditRecord, ...]:
        """Append several records, each with who asked, in one step.

        Raises:
            AuditError: as ``append``; then none of them counts as written.
        """
        return self._log.append_all([(event, {**payload, **self._said}) for event, payload in entries])
