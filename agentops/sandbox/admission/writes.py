"""The writing verbs, from body to store: decode, default, admit, validate, record the manager, store, or dry-run.

Comes in: a ``RequestTarget`` and its request. Goes out: the stored object. A dry run takes every step but the last one,
so what it answers is what the write would store. The store's lock is held from reading the live object to storing the
new.

Must never: store anything with ``dryRun=All``, or answer success for what was not done.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from agentops.sandbox.admission.allocation import allocate, allocate_service
from agentops.sandbox.admission.bodies import Warnings, applied, decoded, patch_kind, patched, place_in
from agentops.sandbox.admission.defaults import defaulted
from agentops.sandbox.admission.deletion import DeleteOptions, delete, delete_options, finish, orphans_by_default
from agentops.sandbox.admission.escalation import check_escalation
from agentops.sandbox.admission.fields import record_update
from agentops.sandbox.admission.pods import complete_pod, judge_pod, security_warning
from agentops.sandbox.admission.policies import AdmissionPolicies, Write
from agentops.sandbox.admission.quota import check_claim, check_growth, check_quota
from agentops.sandbox.admission.subresources import Subresources
from agentops.sandbox.admission.validation import problems
from agentops.sandbox.data import data
from agentops.sandbox.objects import ALPHABET
from agentops.sandbox.store import AlreadyExists, Conflict, Key, Obj, ObjectStore, copy_json, timestamp
from agentops.sandbox.wire.identity import Tokens
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.options import write_options
from agentops.sandbox.wire.reads import FORMS, ReadVerbs
from agentops.sandbox.wire.request import (
    ApiRequest,
    RequestTarget,
    Response,
    User,
    accepted_form,
    body_object,
    json_response,
)
from agentops.sandbox.wire.schemas import schema_of
from agentops.sandbox.wire.status import (
    MODIFIED,
    ApiRefusal,
    already_exists,
    conflict,
    forbidden,
    invalid,
    not_found,
    not_simulated,
    wrong_name,
    wrong_namespace,
)
from agentops.sandbox.wire.versions import stored_form


class StoreWriter:
    """Carries out writes on one store.

    Arguments:
        store: where to.
        tokens: issues what a TokenRequest asks for.
        reader: shows the result in the form that the client asked for.
        random: for generated names; seed it for a deterministic run.
    """

    def __init__(self, store: ObjectStore, reader: ReadVerbs, tokens: Tokens, random: Random) -> None:
        self.store = store
        self.reader = reader
        self._random = random
        self._policies = AdmissionPolicies(store)
        self._subresources = Subresources(store, tokens, self.change, self._policies)

    def write(self, target: RequestTarget, request: ApiRequest) -> Response:
        """Carry out a create, update, patch, delete or deletecollection.

        Raises:
            ApiRefusal: it was not carried out.
        """
        with self.store.lock:
            if target.subresource:
                return self._subresources.write(target, request)
            if target.verb == "create":
                return self._create(target, request)
            if target.verb in ("update", "patch"):
                return self.change(target, request, {})
            if target.verb == "delete":
                return self._delete(target, request)
            return self._delete_collection(target, request)

    def _create(self, target: RequestTarget, request: ApiRequest) -> Response:
        warnings = Warnings()
        obj = decoded(target, request, body_object(request), warnings)
        metadata = obj["metadata"]
        place_in(target, obj)
        if not metadata.get("name") and metadata.get("generateName"):
            suffix = "".join(self._random.choice(ALPHABET) for _ in range(5))
            metadata["name"] = metadata["generateName"][:58] + suffix
        return self._insert(target, request, obj, _entry(target.resource, request, self.store, "Update"), warnings)

    def _insert(self, target: RequestTarget, request: ApiRequest, obj: Obj, entry: Obj, warnings: Warnings) -> Response:
        """Store a new object; with an Apply entry its managedFields are already those of the apply."""
        resource, obj = stored_form(target.resource, obj)
        entry = {**entry, "apiVersion": resource.api_version}
        _check_namespace(target, obj["metadata"].get("name", ""), self.store)
        for server_owned in ("uid", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"):
            obj["metadata"].pop(server_owned, None)
        if "status" in resource.subresources:
            obj.pop("status", None)
        if not resource.custom and "spec" in schema_of(resource)["properties"]:
            obj.setdefault("spec", {})
        new = defaulted(resource, obj)
        _encode_secret(new)
        if entry["operation"] == "Update":
            # What admission and allocation add below is nobody's.
            written = {name: value for name, value in new.items() if name != "status"}
            managed = record_update(schema_of(resource), None, written, entry)
            if managed:
                new["metadata"]["managedFields"] = managed
        new["metadata"]["uid"] = self.store.new_uid()
        self._admit_new(resource, new, request.user, warnings)
        self._policies.check(
            Write(
                target=target,
                user=request.user,
                operation="CREATE",
                name=new["metadata"].get("name", ""),
                new=new,
                options=write_options(request),
                dry_run=request.dry_run,
            )
        )
        try:
            stored = self.store.create(new, dry_run=request.dry_run, uid=new["metadata"]["uid"])
        except AlreadyExists as error:
            live = self.store.peek(error.key) if error.key else None
            going = "deletionTimestamp" in (live or {"metadata": {}})["metadata"]
            raise already_exists(resource, obj["metadata"]["name"], deleting=going) from error
        return self._answer(target, request, stored, 201, warnings)

    def _admit_new(self, resource: Resource, new: Obj, user: User, warnings: Warnings) -> None:
        """Complete a new object and judge it.

        Raises:
            ApiRefusal: 403 from admission or 422 from validation.
        """
        name, is_pod = new["metadata"].get("name", ""), resource.qualified == "pods"
        if is_pod:
            complete_pod(resource, new, self.store)
        if not resource.custom:
            allocate(new, self.store, self._random)
        found = problems(resource, new, None)
        if found:
            raise invalid(resource, name, found)
        if is_pod:
            judge_pod(resource, new, self.store)
        check_claim(resource, new, self.store)
        check_escalation(resource, new, None, user, self.store)
        check_quota(resource, new, self.store, None)
        warnings.texts += filter(None, [security_warning(new, self.store)])

    def change(self, target: RequestTarget, request: ApiRequest, through: Obj) -> Response:
        """Carry out an update or patch of an object.

        Arguments:
            target: which object.
            request: the new object or the patch.
            through: ``{"subresource": "status"}`` touches status alone; otherwise everything but status is touched, and
                another subresource is only put down as the way by which it came.

        Raises:
            ApiRefusal: it was not carried out.
        """
        resource, warnings = target.resource, Warnings()
        live = self.store.peek(Key(*resource.stored_kind, target.namespace, target.name))
        kind = patch_kind(request) if target.verb == "patch" else ""
        operation = "Apply" if kind == "apply" else "Update"
        entry = {**_entry(resource, request, self.store, operation), **through}
        only = through if through.get("subresource") == "status" else {}
        if live is None and kind == "apply" and not only:
            obj = applied(target, request, None, entry)
            return self._insert(target, request, obj, entry, warnings)
        if live is None:
            raise not_found(resource, target.name)
        if kind == "apply":
            new = applied(target, request, live, entry)
        elif kind:
            new = patched(target, request, live, kind, warnings)
        else:
            new = decoded(target, request, body_object(request), warnings)
        new = _over_live(resource, live, new, only)
        if not only:
            new = _completed(resource, new, live)
        if kind != "apply":
            _record(resource, live, new, entry)
        if not only:
            self._admit(resource, new, live, request.user)
        self._policies.check(
            Write(
                target=target,
                user=request.user,
                operation="UPDATE",
                name=target.name,
                new=new,
                old=live,
                options=write_options(request),
                subresource=through.get("subresource", ""),
                dry_run=request.dry_run,
            )
        )
        if _same(live, new):
            new = {**copy_json(live), "metadata": {**live["metadata"], **_given_version(new)}}
        return self._replace(target, request, live, new, warnings)

    def _replace(self, target: RequestTarget, request: ApiRequest, live: Obj, new: Obj, warnings: Warnings) -> Response:
        try:
            stored = self.store.update(new, dry_run=request.dry_run)
        except Conflict as error:
            raise conflict(target.resource, target.name, _why_conflict(target, live, new)) from error
        if not request.dry_run:
            finish(self.store, stored)
        return self._answer(target, request, stored, 200, warnings)

    def _admit(self, resource: Resource, new: Obj, live: Obj, user: User) -> None:
        """Judge what is to replace the live object, after giving it what its new type has.

        Raises:
            ApiRefusal: 403 from admission or 422 from validation.
        """
        if resource.qualified == "services" and new["spec"].get("type") != live["spec"].get("type"):
            allocate_service(new, self.store, self._random)
        found = problems(resource, new, live)
        if found:
            raise invalid(resource, new["metadata"].get("name", ""), found)
        check_quota(resource, new, self.store, live)
        check_growth(resource, new, self.store, live)
        check_escalation(resource, new, live, user, self.store)

    def _delete(self, target: RequestTarget, request: ApiRequest) -> Response:
        resource = target.resource
        live = self.store.peek(Key(*resource.stored_kind, target.namespace, target.name))
        if live is None:
            raise not_found(resource, target.name)
        _check_deletable(resource, target.name)
        options, warnings = delete_options(request), Warnings()
        self._check_delete(target, request, live, options)
        obj, gone = delete(self.store, resource, live, options)
        if orphans_by_default(resource, options):
            warnings.texts.append(data("served.yaml")["words"]["orphaned"])
        if not gone or resource.kind in data("served.yaml")["returned"]:
            return self._answer(target, request, obj, 200, warnings)
        details: Obj = {"name": target.name, "kind": resource.plural, "uid": live["metadata"]["uid"]}
        if resource.group:
            details["group"] = resource.group
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return json_response(status)

    def _check_delete(self, target: RequestTarget, request: ApiRequest, live: Obj, options: DeleteOptions) -> None:
        self._policies.check(
            Write(
                target=target,
                user=request.user,
                operation="DELETE",
                name=target.name,
                old=live,
                options=options.as_given(),
                dry_run=options.dry_run,
            )
        )

    def _delete_collection(self, target: RequestTarget, request: ApiRequest) -> Response:
        options = delete_options(request)
        page = self.reader.selected(target, request)
        for live in page:
            # As in the real server, the name is that of the request, which has none.
            self._check_delete(target, request, live, options)
            delete(self.store, target.resource, live, options)
        metadata = {"resourceVersion": str(self.store.revision)}
        return Response(body=self.reader.encoder.list(target.resource, page, metadata))

    def _answer(self, target: RequestTarget, request: ApiRequest, obj: Obj, code: int, warnings: Warnings) -> Response:
        form = accepted_form(request, FORMS)
        body = self.reader.show(target, obj, form, request)
        return Response(code=code, body=body, headers=warnings.headers())


def writer_for(store: ObjectStore, random: Random) -> Callable[[ReadVerbs, Tokens], StoreWriter]:
    """Return what makes the writer of one store, for ``wire.api.Parts``."""
    return lambda reader, tokens: StoreWriter(store, reader, tokens, random)


def _entry(resource: Resource, request: ApiRequest, store: ObjectStore, operation: str) -> Obj:
    agent = request.headers.get("user-agent", "").partition("/")[0]
    return {
        "manager": request.query.get("fieldManager") or agent or "unknown",
        "operation": operation,
        "apiVersion": resource.api_version,
        "time": timestamp(store.now()),
    }


def _check_namespace(target: RequestTarget, name: str, store: ObjectStore) -> None:
    if not target.resource.namespaced:
        return
    namespace = store.peek(Key("", "Namespace", "", target.namespace))
    if namespace is None:
        raise ApiRefusal(
            "NotFound", f'namespaces "{target.namespace}" not found', {"name": target.namespace, "kind": "namespaces"}
        )
    if "deletionTimestamp" in namespace["metadata"]:
        why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
        raise forbidden(target.resource, name, why)


def _over_live(resource: Resource, live: Obj, new: Obj, only: Obj) -> Obj:
    """Return the new object with what this request may not touch taken from the live one."""
    _place_in_live(live, new)
    if only:
        kept = copy_json(live)
        field_name = only["subresource"]
        kept.pop(field_name, None)
        if field_name in new:
            kept[field_name] = new[field_name]
        kept["metadata"]["resourceVersion"] = new["metadata"].get("resourceVersion", "")
        kept["metadata"].pop("managedFields", None)
        if "managedFields" in new["metadata"]:
            kept["metadata"]["managedFields"] = new["metadata"]["managedFields"]
        return kept
    if "status" in resource.subresources:
        new.pop("status", None)
        if "status" in live:
            new["status"] = copy_json(live["status"])
    if resource.custom and not new["metadata"].get("resourceVersion"):
        cause = ("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update")
        raise invalid(resource, live["metadata"]["name"], [cause])
    return new


def _place_in_live(live: Obj, new: Obj) -> None:
    for name in ("name", "namespace"):
        have = live["metadata"].get(name)
        if new["metadata"].get(name, have) != have:
            raise wrong_namespace() if name == "namespace" else wrong_name(new["metadata"][name], have)
        if have:
            new["metadata"][name] = have
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        new["metadata"].pop(name, None)
        if name in live["metadata"]:
            new["metadata"][name] = live["metadata"][name]
    for name in ("creationTimestamp", "generation"):
        if name in live["metadata"]:
            new["metadata"][name] = live["metadata"][name]


def _why_conflict(target: RequestTarget, live: Obj, new: Obj) -> str:
    wanted, have = new["metadata"].get("uid"), live["metadata"]["uid"]
    if wanted and wanted != have:
        key = f"/registry/{target.resource.plural}/{target.namespace}/{target.name}"
        why = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {have}"
        return f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
    return MODIFIED


def _record(resource: Resource, live: Obj, new: Obj, entry: Obj) -> None:
    """Write down who changed what; a client that edits managedFields itself is taken at its word."""
    owners = new["metadata"].get("managedFields")
    if owners is None:
        owners = live["metadata"].get("managedFields", [])
    if owners in ([], [{}]) and live["metadata"].get("managedFields"):
        new["metadata"].pop("managedFields", None)
        return
    before = {**live, "metadata": {**live["metadata"], "managedFields": owners}}
    managed = record_update(schema_of(resource), before, new, entry)
    new["metadata"].pop("managedFields", None)
    if managed:
        new["metadata"]["managedFields"] = managed


def _same(live: Obj, new: Obj) -> bool:
    """Return whether a write changes nothing but the times in managedFields."""

    def compared(obj: Obj) -> Obj:
        owners = [{**one, "time": ""} for one in obj["metadata"].get("managedFields", ())]
        metadata = {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "uid")}
        return {**obj, "metadata": {**metadata, "managedFields": owners}}

    return compared(live) == compared(new)


def _given_version(obj: Obj) -> Obj:
    """Return the preconditions that a written object carries."""
    return {name: obj["metadata"][name] for name in ("uid", "resourceVersion") if obj["metadata"].get(name)}


def _completed(resource: Resource, obj: Obj, live: Obj) -> Obj:
    """Return what replaces the live object, with its defaults."""
    if not resource.custom and "spec" in live:
        obj.setdefault("spec", {})
    new = defaulted(resource, obj, live)
    _encode_secret(new)
    return new


def _encode_secret(obj: Obj) -> None:
    if obj["kind"] == "Secret" and obj.get("stringData"):
        from base64 import b64encode

        plain = {key: b64encode(value.encode()).decode() for key, value in obj.pop("stringData").items()}
        obj["data"] = {**(obj.get("data") or {}), **plain}


def _check_deletable(resource: Resource, name: str) -> None:
    if resource.kind == "Namespace" and name in ("default", "kube-system", "kube-public"):
        raise forbidden(resource, name, "this namespace may not be deleted")
    if resource.group == "metrics.k8s.io":
        raise not_simulated("writes to metrics.k8s.io")
