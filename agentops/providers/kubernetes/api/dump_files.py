"""Reads what somebody saved of a cluster: the objects, and the logs of its containers, from a file or a folder of them.

Comes in: a path. Goes out: a ``Dump``. The forms: lists and objects as ``kubectl get -o json|yaml`` writes them (also
several in one file), the folders and the one stream of ``kubectl cluster-info dump``, must-gather, and the
``cluster-resources`` of a support bundle. Nothing is executed, no link is followed, only regular files are opened, and
each file's size, and their number, is bounded. What could not be read is said.

Sources: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_cluster-info/kubectl_cluster-info_dump/,
https://docs.openshift.com/container-platform/latest/support/gathering-cluster-data.html,
https://troubleshoot.sh/docs/collect/cluster-resources/.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from agentops.core.analysis import Gap
from agentops.core.errors import UsageError
from agentops.core.foreign_documents import MOST_DEPTH, json_decoder, require_depth
from agentops.core.foreign_files import read_end, read_foreign
from agentops.core.foreign_yaml import YamlError, read_documents
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind

GroupKind: TypeAlias = tuple[str, str]
"""API group and kind."""
LogKey: TypeAlias = tuple[str, str, str, bool]
"""Namespace, pod, container, and whether it is of the run before."""

MOST_FILES = 20_000
MOST_BYTES = 256 * 1024 * 1024
MOST_TOTAL_BYTES = 2 * 1024 * 1024 * 1024
_LOG_BYTES = 4 * 1024 * 1024
_DATA = (".json", ".yaml", ".yml")
_BLOCK = re.compile(
    r"^==== START logs for container (?P<container>\S+) of pod (?P<namespace>[^/\s]+)/(?P<pod>\S+) ====\n"
    r"(?P<text>.*?)^==== END logs for container (?P=container) of pod (?P=namespace)/(?P=pod) ====$",
    re.MULTILINE | re.DOTALL,
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_TIMES = (
    "creationTimestamp", "lastTimestamp", "eventTime", "lastHeartbeatTime", "lastTransitionTime", "lastUpdateTime",
    "startedAt", "finishedAt", "startTime", "renewTime", "deletionTimestamp", "lastProbeTime",
)  # fmt: skip
_PLURALS: Mapping[str, Kind] = {kind.plural: kind for kind in BUILTIN}
_GROUPS = {kind.kind: kind.group for kind in BUILTIN}


@dataclass(slots=True)
class Dump:
    """What was saved of one cluster.

    Arguments:
        objects: by group and kind, then by namespace and name.
        covered: of which namespaces each kind was saved whole, empty text for all; a kind that is not there was saved
            in part or not at all, so that what is missing of it proves nothing.
        logs: the texts, newest line last.
        gaps: files that could not be read, and why.
        newest: the latest moment that an object of it tells of; None when none does.
    """

    objects: dict[GroupKind, dict[tuple[str, str], dict[str, Any]]] = field(default_factory=dict)
    covered: dict[GroupKind, set[str]] = field(default_factory=dict)
    logs: dict[LogKey, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    newest: datetime | None = None

    def is_whole(self, key: GroupKind, namespace: str) -> bool:
        """Return whether all objects of a kind in a namespace, or with an empty text everywhere, were saved."""
        return bool({"", namespace} & self.covered.get(key, set()))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that it was saved of; empty when some kind was saved of all."""
        found = {namespace for spaces in self.covered.values() for namespace in spaces}
        namespaced = [spaces for key, spaces in self.covered.items() if _is_namespaced(key)]
        return () if any("" in spaces for spaces in namespaced) else tuple(sorted(found - {""}))


def read_dump(path: Path) -> Dump:
    """Read a file or a folder.

    Raises:
        UsageError: it is not there, cannot be read, or holds nothing of a cluster.
    """
    dump = Dump()
    try:
        is_folder = path.is_dir()
        files = sorted(_files(path)) if is_folder else [path]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if not is_folder and not path.exists():
        raise UsageError(f"there is no file or folder {path}", hint=_FORMS)
    total = 0
    for number, file in enumerate(files):
        if number >= MOST_FILES or total > MOST_TOTAL_BYTES:
            dump.gaps.append(Gap(what=str(path), reason=f"too large: only the first {number:,} files were read"))
            break
        total += _read_file(dump, file, file.relative_to(path) if is_folder else Path(file.name))
    if not dump.objects:
        why = f": {dump.gaps[0].what}: {dump.gaps[0].reason}" if dump.gaps else ""
        raise UsageError(f"{path} holds no Kubernetes objects{why}", hint=_FORMS)
    return dump


_FORMS = (
    "Use a file that kubectl get -o json or -o yaml wrote, or the folder of kubectl cluster-info dump or must-gather, "
    "unpacked."
)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in names:
            file = Path(place) / name
            if name.endswith((*_DATA, ".log", "logs.txt")) and not file.is_symlink():
                yield file


def _read_file(dump: Dump, file: Path, name: Path) -> int:
    """Read one file into the dump; returns its size. What is wrong with it is a gap."""
    try:
        text = _text_of(file)
    except (UsageError, UnicodeDecodeError) as error:
        reason = one_line(str(error), 120)
        dump.gaps.append(Gap(what=str(name), reason=reason))
        return 0
    if name.suffix == ".log":
        _take_log(dump, name, text)
        return len(text)
    # What must-gather asked a container for, beside its logs: metrics as text, a version.
    if name.parts[-5:-4] == ("pods",) and name.name in _OF_CONTAINERS:
        return len(text)
    # One stream of cluster-info dump has the logs between its documents; they are no documents.
    rest = _BLOCK.sub(lambda block: _take_block(dump, block), text)
    if name.name == "logs.txt":
        return len(text)
    try:
        for document in _documents(rest, is_json=name.suffix == ".json" or rest.lstrip()[:1] in ("{", "[")):
            _take(dump, document, name)
    except ValueError as error:
        dump.gaps.append(Gap(what=str(name), reason=one_line(str(error), 160)))
    return len(text)


_OF_CONTAINERS = ("metrics.json", "version.json")


def _text_of(file: Path) -> str:
    """Return a regular file's text, of a log its end.

    Raises:
        UsageError: it cannot be read, is no regular file, or larger than is read.
        UnicodeDecodeError: it is not text.
    """
    if file.suffix == ".log":
        return read_end(file, _LOG_BYTES).decode("utf-8", "replace")
    return read_foreign(file, "a file of a dump", MOST_BYTES).decode("utf-8-sig")


def _take_block(dump: Dump, block: re.Match[str]) -> str:
    dump.logs[block["namespace"], block["pod"], block["container"], False] = block["text"][-_LOG_BYTES:]
    return ""


def _take_log(dump: Dump, name: Path, text: str) -> None:
    """Keep a log by where its file stands: in must-gather, and in a support bundle."""
    parts = name.parts
    match parts[-6:]:
        case ("pods", pod, container, _, "logs", "current.log" | "previous.log") if len(parts) > 6:
            dump.logs[parts[-7], pod, container, parts[-1] == "previous.log"] = text
            return
    match parts[-4:]:
        case ("logs", namespace, pod, container):
            bare = container.removesuffix(".log").removesuffix("-previous")
            dump.logs[namespace, pod, bare, container.endswith("-previous.log")] = text


def _documents(text: str, *, is_json: bool) -> Iterator[Any]:
    """Yield the documents of a text.

    Raises:
        ValueError: it is neither JSON nor YAML.
    """
    if not is_json:
        yield from _yaml_documents(text)
        return
    decoder = json_decoder(odd_numbers_as_text=True)
    position = _next(text, 0)
    try:
        while position < len(text):
            document, position = decoder.raw_decode(text, position)
            require_depth(document, MOST_DEPTH)
            yield document
            position = _next(text, position)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from error


def _next(text: str, position: int) -> int:
    """Return where the next document begins."""
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _yaml_documents(text: str) -> Iterator[Any]:
    try:
        yield from read_documents(text, aliases=True, odd_numbers_as_text=True)
    except YamlError as error:
        raise ValueError(str(error) if error.is_yaml else f"it is not YAML: {error}") from error


def _take(dump: Dump, document: Any, name: Path) -> None:
    """Keep the objects of a document, and what it is a whole list of."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        return
    items = document.get("items")
    if not isinstance(items, list):
        key = _keep(dump, document)
        # must-gather has a file for each object, in a folder that is named after the kind.
        if key is not None and name.parent.name in _PLURALS and _PLURALS[name.parent.name].kind == key[1]:
            dump.covered.setdefault(key, set()).add(_namespace_of(name))
        return
    listed = document["kind"].removesuffix("List")
    version = document.get("apiVersion")
    spaces: dict[GroupKind, set[str]] = {}
    for item in items:
        whole = {"kind": listed, "apiVersion": version, **item} if isinstance(item, dict) else None
        key = _keep(dump, whole) if whole is not None else None
        if key is not None:
            spaces.setdefault(key, set()).add(_place(whole or {})[0])
    if listed and not items:
        _cover_nothing(dump, (_group(version), listed), name)
    # Objects of two namespaces in one list come of asking for all.
    of_all = len(set().union(*spaces.values()) - {""}) > 1
    for key, found in spaces.items():
        dump.covered.setdefault(key, set()).update({""} if of_all else found)


def _cover_nothing(dump: Dump, key: GroupKind, name: Path) -> None:
    """Take an empty list for what its file's place says: that there is nothing of the kind in that namespace."""
    namespace = _namespace_of(name)
    if namespace or not _is_namespaced(key):
        dump.covered.setdefault(key, set()).add(namespace)


def _namespace_of(name: Path) -> str:
    """Return the namespace that a file's place names: ``namespaces/NS/core/pods.yaml``, ``NS/pods.json``,
    ``pods/NS.json``; empty where it names none.
    """
    parts = name.parts[:-1]
    if "namespaces" in parts[:-1]:
        return parts[parts.index("namespaces") + 1]
    if "cluster-scoped-resources" in parts or not parts:
        return ""
    if name.stem.replace("-", "") in _PLURALS:
        return parts[-1]
    # A support bundle names some folders in its own way: pvcs, ingress, network-policy, resource-quota.
    return name.stem if "cluster-resources" in parts[:-1] else ""


def _keep(dump: Dump, item: Mapping[str, Any]) -> GroupKind | None:
    kind, metadata = item.get("kind"), item.get("metadata")
    if not isinstance(kind, str) or not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return None
    group = _group(item.get("apiVersion"))
    key = (group if group or kind not in _GROUPS else _GROUPS[kind], kind)
    dump.objects.setdefault(key, {})[_place(item)] = dict(item)
    _notice(dump, item)
    return key


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    metadata = item["metadata"]
    namespace = metadata.get("namespace")
    return namespace if isinstance(namespace, str) else "", metadata["name"]


def _group(version: Any) -> str:
    return version.rpartition("/")[0] if isinstance(version, str) else ""


def _is_namespaced(key: GroupKind) -> bool:
    return next((kind.namespaced for kind in BUILTIN if (kind.group, kind.kind) == key), True)


def _notice(dump: Dump, item: Mapping[str, Any]) -> None:
    """Remember the newest moment that the cluster itself wrote."""
    waiting: list[Any] = [{name: item.get(name) for name in ("metadata", "status", *_TIMES)}]
    if item.get("kind") == "Lease":
        waiting.append(item.get("spec"))
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            for name, part in value.items():
                if isinstance(part, str) and name in _TIMES and _TIME.fullmatch(part):
                    moment = datetime.fromisoformat(part).astimezone(UTC)
                    dump.newest = max(dump.newest or moment, moment)
                elif isinstance(part, (dict, list)) and name not in ("annotations", "managedFields", "labels"):
                    waiting.append(part)
