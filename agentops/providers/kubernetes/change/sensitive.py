"""Whether the field at a path of an object would hold a credential, or only says where one is kept.

Comes in: the steps of a path. Goes out: yes or no. A guess on the careful side, and no redactor: what is recorded and
shown passes the redactor of the run as well. Names are judged by ``core.secret_names``.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.secret_names import is_secret_name

_REFERENCES = frozenset({"secretKeyRef", "configMapKeyRef", "fieldRef", "secretRef", "secretName", "imagePullSecrets"})


def holds_credential(steps: Sequence[str]) -> bool:
    """Return whether the field at a path would hold a credential; one that only says where it is kept does not.

    ``env[DB_PASSWORD].valueFrom.secretKeyRef.name`` is the name of a Secret, and that is no secret.
    """
    return any(map(is_secret_name, steps)) and not _REFERENCES.intersection(steps)
