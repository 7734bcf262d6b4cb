"""Takes secret values out of what the API answered, at the moment it is decoded.

Comes in: freshly decoded JSON of any kind. Goes out: the same value with every Secret's ``data`` mapped to sizes and
without the annotations that repeat whole manifests. It must never let a Secret's value pass: a list's items carry no
``kind`` of their own, so the list's kind and the requested path count as well.
"""

from __future__ import annotations

from typing import Any

_SECRET_KINDS = frozenset({"Secret", "SecretList"})
_MANIFEST_COPIES = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kapp.k14s.io/original",
    "objectset.rio.cattle.io/applied",
)


def conceal(answer: Any, *, of_secrets: bool, keep_managers: bool = False) -> Any:
    """Return ``answer`` with Secret values replaced by their sizes; changes it in place.

    Arguments:
        answer: decoded JSON: an object or a list of objects.
        of_secrets: the request was for Secrets, whatever the answer calls itself.
        keep_managers: leave the ``managedFields`` of the answer itself, which name fields and hold no Secret's value.
    """
    if not isinstance(answer, dict):
        return answer
    secret = of_secrets or _may_be_secret(answer.get("kind"))
    _clean(answer, secret=secret, keep_managers=keep_managers)
    items = answer.get("items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            _clean(item, secret=secret or _may_be_secret(item.get("kind")))
    return answer


def _may_be_secret(kind: Any) -> bool:
    # A kind that is no text says nothing: what calls itself so is not known to be harmless.
    return kind in _SECRET_KINDS if isinstance(kind, str) else kind is not None


def _clean(item: dict[str, Any], *, secret: bool, keep_managers: bool = False) -> None:
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        if not keep_managers:
            metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for name in _MANIFEST_COPIES:
                annotations.pop(name, None)
    if not secret:
        return
    # A value that is no map is not known to be harmless: nothing of it stays.
    for field in ("data", "stringData"):
        values = item.get(field)
        if isinstance(values, dict):
            item[field] = {key: hidden(value, encoded=field == "data") for key, value in values.items()}
        elif field in item:
            item[field] = {}


def hidden(value: Any, *, encoded: bool) -> str:
    """Return what stands for a secret value: its size in bytes."""
    text = value if isinstance(value, str) else ""
    # Four characters of base64 are three bytes.
    size = len(text.rstrip("=")) * 3 // 4 if encoded else len(text.encode("utf-8", "surrogatepass"))
    return f"({size} bytes, not shown)"
