"""What makes a request to an API server a dry run, for each verb, and the check that one is.

Comes in: a ``Call``. Goes out: the same call as a dry run; ``require_dry_run`` raises for whatever is not one. It must
never let a request pass of which the server would read its options in a place that does not say ``dryRun``.

Which place counts differs by verb, as recorded from Kubernetes 1.36.2: POST, PUT and PATCH read the query. DELETE and
deletecollection read DeleteOptions from the body when there is one, and then ignore the query, so that
``DELETE ?dryRun=All`` with a body that lacks ``dryRun`` deletes for real. An eviction merges both, and refuses two that
differ.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentops.core.errors import PreviewWouldWrite
from agentops.core.plan import Call
from agentops.core.text import one_line

DRY_RUN = ("dryRun", "All")
_IN_QUERY = frozenset({"POST", "PUT", "PATCH"})


def as_dry_run(call: Call) -> Call:
    """Return ``call`` with ``dryRun`` in each place where the API of its verb reads it.

    Raises:
        PreviewWouldWrite: there is no way to make a dry run of it.
    """
    dry = replace(call, query=tuple(pair for pair in call.query if pair[0] != "dryRun"))
    if call.method in _IN_QUERY:
        dry = replace(dry, query=(*dry.query, DRY_RUN))
    if call.method == "DELETE":
        # Nothing in the query: the body alone counts, and two places could differ.
        dry = replace(dry, body={**_options(call.body), "dryRun": ["All"]})
    elif _is_eviction(call.method, call.path):
        options = {**_options(_options(call.body).get("deleteOptions")), "dryRun": ["All"]}
        dry = replace(dry, body={**_options(call.body), "deleteOptions": options})
    require_dry_run(dry.method, dry.path, dry.query, dry.body)
    return dry


def require_dry_run(method: str, path: str, query: Sequence[tuple[str, str]], body: Any) -> None:
    """Raise unless the request is one that the server carries out as a dry run, or that only reads.

    Arguments:
        method, path, query, body: the request as it is about to be sent; ``body`` is plain JSON, not yet encoded.

    Raises:
        PreviewWouldWrite: it would, or might, be carried out for real.
    """
    if method == "GET":
        return
    asked = [value for name, value in query if name == "dryRun"]
    if method == "DELETE":
        is_dry = _says_all(body) and asked in ([], ["All"])
    elif method in _IN_QUERY:
        is_dry = asked == ["All"]
        if _is_eviction(method, path):
            is_dry = is_dry and _says_all(body.get("deleteOptions") if isinstance(body, Mapping) else None)
    else:
        is_dry = False
    if not is_dry:
        raise PreviewWouldWrite(
            f"{one_line(method, 10)} {one_line(path, 160)} is not sent: as it stands the server would carry it out, "
            "and a preview never writes",
            hint="This is a defect of agentops; nothing was changed. Please report it with the audit record.",
        )


def _says_all(options: Any) -> bool:
    return isinstance(options, Mapping) and options.get("dryRun") == ["All"]


def _options(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _is_eviction(method: str, path: str) -> bool:
    # Only a POST makes one: a patch of this path is that of an object which is called so.
    return method == "POST" and path.rstrip("/").endswith("/eviction")
