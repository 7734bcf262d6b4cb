"""The incident store: ``Incidents`` and the ``IncidentFolder`` that it opens."""

from agentops.store.incidents import IncidentFolder, Incidents

__all__ = ["IncidentFolder", "Incidents"]
