"""A cluster whose containers write nothing, for tests of everything but logs."""

from __future__ import annotations

from datetime import datetime


class NoLogs:
    """A cluster whose containers write nothing; good for tests of everything else."""

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        previous: bool,
        since: datetime | None,
        tail: int | None,
    ) -> str:
        """Return no lines, and no previous run."""
        if previous:
            raise LookupError
        return ""
