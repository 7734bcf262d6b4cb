"""The incident folders: alert, evidence, conversation and finding of each incident, as plain files a person can read.

Comes in: an alert group, redacted readings, messages, findings. Goes out: the same values, in this process or a later
one. Layout of ``FOLDER/<id>/``::

    incident.json     the Incident            finding.json    the Finding, once there is one
    alert.txt         the payload as given    usage.json      what the run spent
    evidence.jsonl    one Evidence a line     problems.json   what the analyzers found
    transcript.jsonl  one message a line      bodies/<hex>    evidence bodies by SHA-256; ``.z`` when compressed
    symptoms.json     what was wrong with the alert's target, by object and condition
    drafts.json       changes that were drafted and not carried out
    reply.json        the RequestReply, where a person asked for something
    plan-<code>.json  a plan that was shown and not carried out, in the form that ``agentops approve`` takes

Folders are 0700 and files 0600. A file is replaced whole (temporary file, fsync, rename) or only appended to. Nothing
here redacts: whoever calls has done so. It must never write outside its folder, whatever an id says.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from agentops.core.alert import AlertGroup, Incident, short_incident
from agentops.core.clock import Clock
from agentops.core.digest import digest_bytes
from agentops.core.durable_files import locked_for_appending, replace_file, sync_folder
from agentops.core.errors import NotFound, StoreError, UsageError
from agentops.core.evidence import Evidence, Reading
from agentops.core.finding import Cause, Finding, Problem
from agentops.core.jsonable import from_json, to_json
from agentops.core.plan import Change, ChangePlan
from agentops.core.request import Request, RequestReply
from agentops.core.scope import Scope
from agentops.core.text import one_line, plural
from agentops.core.usage import Usage
from agentops.store.files import (
    append_lines,
    document,
    explained,
    intact,
    read_lines,
)
from agentops.store.plans import load_plan, save_plan
from agentops.store.readings import evidence_of

T = TypeVar("T")
_COMPRESS_FROM_BYTES = 64 * 1024
_SCHEMA = "agentops/incident/v1"
_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9-]+")


def random_part() -> str:
    """Return four random hex digits, which keep the ids of two incidents of one second apart."""
    return secrets.token_hex(2)


LAST = "last"
"""What stands for the newest incident."""


class Incidents:
    """All incidents that are kept under one folder.

    Arguments:
        folder: created with mode 0700 when the first incident is.
        clock: gives ids and evidence their time.
        suffix: the random part of an id.
    """

    def __init__(self, folder: Path, clock: Clock, *, suffix: Callable[[], str] = random_part) -> None:
        self.folder = folder
        self._clock = clock
        self._suffix = suffix

    def create(
        self,
        group: AlertGroup,
        scopes: Sequence[Scope] = (),
        namespace: str = "",
        request: Request | None = None,
    ) -> IncidentFolder:
        """Open a new incident on disk; the folder appears whole or not at all.

        Arguments:
            scopes: what the run is pinned to; the first one names the incident's place.
            request: what a person asked for, redacted, where that is what is worked on.

        Raises:
            StoreError: it could not be written.
        """
        now = self._clock()
        slug = re.sub(r"[^a-z0-9]+", "-", group.lead.name.lower()).strip("-")[:40].strip("-") or "incident"
        stem = f"{now:%Y%m%d-%H%M%S}-{slug}"
        # People type the random part alone, so no two incidents of a folder share it.
        taken = {short_incident(entry.id) for entry in self.list()}
        parts = (self._suffix() for _attempt in range(16))
        part = next((one for one in parts if one not in taken), None) or secrets.token_hex(4)
        incident_id = f"{stem}-{part}"
        incident = Incident(
            id=incident_id,
            group=group,
            opened_at=now,
            context=scopes[0].place if scopes else "",
            namespace=namespace,
            cluster=scopes[0].server if scopes else "",
            scopes=tuple(scope.identity for scope in scopes),
            request=request,
        )
        final, draft = self.folder / incident_id, self.folder / f".{incident_id}.{os.getpid()}"
        with explained(final, "create"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (draft / "bodies").mkdir(mode=0o700, parents=True)
            draft.chmod(0o700)
            try:
                replace_file(draft / "incident.json", document({"schema": _SCHEMA, **to_json(incident)}))
                draft.rename(final)
            except OSError:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            sync_folder(self.folder)
        return IncidentFolder(final, self._clock)

    def list(self) -> tuple[IncidentFolder, ...]:
        """Return every incident, newest first; nothing of them is read yet.

        Raises:
            StoreError: the folder cannot be listed.
        """
        with explained(self.folder, "list"):
            if not self.folder.is_dir():
                return ()
            names = [entry.name for entry in self.folder.iterdir() if _ID.fullmatch(entry.name)]
        seconds = Counter(map(_second, names))

        def age(name: str) -> tuple[str, int, str]:
            # The id's time is in whole seconds; only those of the same one need a look at the file.
            return _second(name), self._microsecond(name) if seconds[_second(name)] > 1 else 0, name

        return tuple(IncidentFolder(self.folder / name, self._clock) for name in sorted(names, key=age, reverse=True))

    def _microsecond(self, name: str) -> int:
        """Return the part of a second at which an incident was opened; 0 where nothing says so."""
        try:
            document = json.loads((self.folder / name / "incident.json").read_bytes())
            return datetime.fromisoformat(document["opened_at"]).microsecond
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return 0

    def remove(self, incident_id: str) -> None:
        """Remove an incident with all that was kept of it; it is gone from the list at once.

        Raises:
            StoreError: it could not be removed.
        """
        path = self.folder / incident_id
        aside = self.folder / f".{incident_id}.removed"
        with explained(path, "remove"):
            path.rename(aside)
            sync_folder(self.folder)
            shutil.rmtree(aside)

    def latest(self) -> IncidentFolder | None:
        """Return the newest incident, or None when there is none."""
        return next(iter(self.list()), None)

    def open(self, incident_id: str) -> IncidentFolder:
        """Return the incident of that id; its beginning or end will do when only one has it; ``last``: the newest.

        Raises:
            UsageError: no incident, or several, begin or end with it.
        """
        known = self.list()
        # An exact id before a beginning, a beginning before an end: what fits better hides what fits less.
        fitting = list(known[:1]) if incident_id == LAST else [entry for entry in known if entry.id == incident_id]
        fitting = fitting or [entry for entry in known if incident_id and entry.id.startswith(incident_id)]
        fitting = fitting or [entry for entry in known if incident_id and _has_end(entry.id, incident_id)]
        if len(fitting) == 1:
            return fitting[0]
        shown = one_line(incident_id, 80)
        if not known and incident_id == LAST:
            raise UsageError(
                "there are no incidents yet", hint="Try: agentops investigate --sandbox", code="no-such-incident"
            )
        if not fitting:
            hint = (
                f"The newest is {short_incident(known[0].id)}; agentops history lists them."
                if known
                else "There are none yet."
            )
            raise UsageError(f"no incident begins or ends with {shown!r}", hint=hint, code="no-such-incident")
        names = ", ".join(entry.id for entry in fitting[:5]) + (" ..." if len(fitting) > 5 else "")
        raise UsageError(
            f"{plural(len(fitting), 'incident')} begin or end with {shown!r}: {names}",
            hint="Give more of the id.",
            code="ambiguous-incident",
        )


def _second(incident: str) -> str:
    """Return the time that an id begins with, as YYYYmmdd-HHMMSS."""
    return incident[:15]


def _has_end(incident: str, typed: str) -> bool:
    """Return whether an id ends with what was typed, or its last part begins with it."""
    return incident.endswith(typed) or short_incident(incident).startswith(typed)


class IncidentFolder:
    """One incident on disk; the ``EvidenceStore`` of its runs. Safe to use from threads and from several processes."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.id = path.name
        self._clock = clock
        self._lock = threading.Lock()
        self._known: list[Evidence] = []
        self._read_to = 0

    @property
    def incident(self) -> Incident:
        """What was opened.

        Raises:
            StoreError: ``incident.json`` is absent or damaged.
        """
        found = self._load(Incident, "incident.json")
        if found is None:
            raise StoreError(f"{self.path / 'incident.json'} is missing", hint="The incident's folder is damaged.")
        return found

    def add(self, reading: Reading, *, tool: str, arguments: Mapping[str, Any], excerpt_chars: int) -> Evidence:
        """Store a redacted reading and number it; ids go on where an earlier run stopped.

        Raises:
            StoreError: it could not be written.
        """
        evidence, data = evidence_of(
            reading, tool=tool, arguments=arguments, at=self._clock(), excerpt_chars=excerpt_chars
        )
        path = self.path / "evidence.jsonl"
        with self._lock, explained(path, "write"):
            self._keep_body(evidence.digest, data)
            with locked_for_appending(path) as descriptor:
                self._refresh()
                evidence = replace(evidence, id=f"E{len(self._known) + 1}")
                self._read_to = append_lines(descriptor, [to_json(evidence)])
                self._known.append(evidence)
        return evidence

    def body(self, evidence_id: str) -> str:
        """Return the whole stored body.

        Raises:
            NotFound: no evidence of that id.
            StoreError: the body is gone, or no longer what was stored.
        """
        found = next((item for item in self.all() if item.id == evidence_id), None)
        if found is None:
            raise NotFound(f"there is no evidence {one_line(evidence_id, 40)!r} in {self.id}")
        path = self._body_path(found.digest)
        try:
            with explained(path, "read"):
                packed = path.with_suffix(".z")
                data = path.read_bytes() if path.exists() else zlib.decompress(packed.read_bytes())
        except zlib.error as error:
            raise StoreError(f"{packed} is damaged: {error}") from error
        if digest_bytes(data) != found.digest:
            raise StoreError(f"{path} is not what was stored as {evidence_id}: its digest differs")
        return data.decode("utf-8", "surrogatepass")

    def all(self) -> tuple[Evidence, ...]:
        """Return all evidence in order of its number.

        Raises:
            StoreError: ``evidence.jsonl`` is unreadable or damaged.
        """
        with self._lock, explained(self.path / "evidence.jsonl", "read"):
            self._refresh()
            return tuple(self._known)

    def save_alert(self, payload: str) -> None:
        """Keep the alert's payload, redacted, as it was given."""
        self._replace("alert.txt", payload.encode("utf-8", "surrogatepass"))

    def alert(self) -> str | None:
        """Return the alert's payload, or None when none was kept."""
        data = self._read("alert.txt")
        return None if data is None else data.decode("utf-8", "surrogatepass")

    def save_finding(self, finding: Finding) -> None:
        """Keep the finding, in place of an earlier one."""
        self._replace("finding.json", document(to_json(finding)))

    def finding(self) -> Finding | None:
        """Return the finding, or None when the run has not come to one."""
        return self._load(Finding, "finding.json")

    def save_reply(self, reply: RequestReply) -> None:
        """Keep the reply to a request, in place of an earlier one."""
        self._replace("reply.json", document(to_json(reply)))

    def reply(self) -> RequestReply | None:
        """Return the reply to a request, or None when there is none yet."""
        return self._load(RequestReply, "reply.json")

    def save_usage(self, usage: Usage) -> None:
        """Keep what the run spent."""
        self._replace("usage.json", document(to_json(usage)))

    def usage(self) -> Usage | None:
        """Return what the run spent, or None when it has not ended."""
        return self._load(Usage, "usage.json")

    def save_problems(self, problems: Sequence[Problem]) -> None:
        """Keep what the analyzers found."""
        self._replace("problems.json", document(to_json(tuple(problems))))

    def problems(self) -> tuple[Problem, ...]:
        """Return what the analyzers found; empty before the sweep."""
        return self._many(Problem, "problems.json")

    def save_symptoms(self, symptoms: Sequence[Cause]) -> None:
        """Keep what is wrong with the alert's target."""
        self._replace("symptoms.json", document(to_json(tuple(symptoms))))

    def symptoms(self) -> tuple[Cause, ...]:
        """Return what was wrong with the alert's target; empty before the sweep."""
        return self._many(Cause, "symptoms.json")

    def save_drafts(self, changes: Sequence[Change]) -> None:
        """Keep the changes that were drafted and not carried out, in place of earlier ones."""
        self._replace("drafts.json", document(to_json(tuple(changes))))

    def drafts(self) -> tuple[Change, ...]:
        """Return the changes that were drafted and not carried out."""
        return self._many(Change, "drafts.json")

    def save_plan(self, plan: ChangePlan) -> Path:
        """Keep a plan that was not carried out, and return its file.

        Raises:
            StoreError: it cannot be written.
        """
        path = self.path / f"plan-{plan.code}.json"
        with self._lock:
            save_plan(path, plan)
        return path

    def has_plan(self, plan: ChangePlan) -> bool:
        """Return whether exactly this plan was kept here."""
        path = self.path / f"plan-{plan.code}.json"
        return path.is_file() and load_plan(path).digest == plan.digest

    def append_messages(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Add messages to the transcript; what is there is never changed."""
        path = self.path / "transcript.jsonl"
        with self._lock, explained(path, "write"), locked_for_appending(path) as descriptor:
            append_lines(descriptor, [dict(message) for message in messages])

    def transcript(self) -> tuple[dict[str, Any], ...]:
        """Return the messages so far, oldest first; a line that a crash cut short is left out."""
        path = self.path / "transcript.jsonl"
        with explained(path, "read"), intact(path):
            return tuple(_message(item) for item, _end in read_lines(path, 0))

    def _refresh(self) -> None:
        path = self.path / "evidence.jsonl"
        for item, end in read_lines(path, self._read_to):
            with intact(path):
                self._known.append(from_json(Evidence, item))
            self._read_to = end

    def _keep_body(self, digest: str, data: bytes) -> None:
        path = self._body_path(digest)
        if path.exists() or path.with_suffix(".z").exists():
            return
        if len(data) < _COMPRESS_FROM_BYTES:
            replace_file(path, data)
        else:
            replace_file(path.with_suffix(".z"), zlib.compress(data, 6))

    def _body_path(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        if not re.fullmatch(r"[0-9a-f]{64}", name):
            raise StoreError(f"{self.path / 'evidence.jsonl'} names a body by {one_line(digest, 40)!r}: not a digest")
        return self.path / "bodies" / name

    def _replace(self, name: str, data: bytes) -> None:
        with self._lock, explained(self.path / name, "write"):
            replace_file(self.path / name, data)

    def _read(self, name: str) -> bytes | None:
        with explained(self.path / name, "read"):
            return (self.path / name).read_bytes() if (self.path / name).exists() else None

    def _many(self, kind: type[T], name: str) -> tuple[T, ...]:
        data = self._read(name)
        with intact(self.path / name):
            items = json.loads(data or b"[]")
            if not isinstance(items, list):
                raise ValueError(f"expected a list, found {type(items).__name__}")
            return tuple(from_json(kind, item) for item in items)

    def _load(self, kind: type[T], name: str) -> T | None:
        data = self._read(name)
        with intact(self.path / name):
            return None if data is None else from_json(kind, json.loads(data))


def _message(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ValueError(f"expected a message, found {type(item).__name__}")
    return item
