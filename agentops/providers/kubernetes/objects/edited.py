"""Who wrote the settings of an object last: of ``metadata.managedFields`` the one entry that triage looks at.

Comes in: an object as the API sends it. Goes out: the entry, or None. Only of kinds that keep no revisions: of the
others the revisions tell more, and of a Secret nothing is looked at. Source:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EDITED_KINDS = (
    "Service", "Ingress", "NetworkPolicy", "ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget",
    "ResourceQuota", "LimitRange",
)  # fmt: skip
_SETTINGS = frozenset({"f:spec", "f:data", "f:binaryData"})


def last_edit(managed_fields: Any) -> dict[str, Any] | None:
    """Return the newest entry that holds settings, with nothing but those; times are RFC 3339 in UTC."""
    found = [
        {
            "manager": str(entry.get("manager") or ""),
            "operation": str(entry.get("operation") or ""),
            "time": str(entry.get("time")),
            "fieldsV1": {key: value for key, value in fields.items() if key in _SETTINGS},
        }
        for entry in (managed_fields if isinstance(managed_fields, list) else ())
        if isinstance(entry, Mapping) and entry.get("time") and not entry.get("subresource")
        for fields in [entry.get("fieldsV1")]
        if isinstance(fields, Mapping) and _SETTINGS & fields.keys()
    ]
    return max(found, key=lambda entry: str(entry["time"]), default=None)
