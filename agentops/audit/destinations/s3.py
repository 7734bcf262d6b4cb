"""A destination on S3 or anything that speaks its protocol, with Object Lock in COMPLIANCE mode.

Comes in: a bucket, a prefix, for how long to lock. Goes out: objects that were written once, read back and compared.
The only module of ``audit`` that imports boto3. It never deletes, never overwrites and never shortens a lock.

On a bucket with Object Lock anyone with ``s3:PutObject`` can still put a newer version on top of a locked one, and
anyone with ``s3:DeleteObject`` can hide it behind a delete marker. So what is read here is the oldest version of each
name: that one a lock keeps.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from agentops.audit.destinations.destination import DestinationError, DestinationOptions, other_bytes
from agentops.core.clock import to_iso
from agentops.core.text import one_line

_CONNECT_S, _READ_S, _ATTEMPTS = 10, 60, 3
_ABSENT = ("404", "NoSuchKey", "NotFound")
_TAKEN = ("412", "PreconditionFailed", "409", "ConditionalRequestConflict")
_UNKNOWN_CALL = ("501", "NotImplemented")
_HINTS = {
    "NoSuchBucket": "Create the bucket first, with Object Lock enabled.",
    "InvalidRequest": "A lock needs a bucket that was created with Object Lock enabled; "
    "audit_retention_days = 0 writes without one.",
    "AccessDenied": "It takes s3:PutObject, s3:PutObjectRetention, s3:GetObject, s3:GetObjectVersion, "
    "s3:GetObjectRetention and s3:ListBucketVersions.",
}


class S3Destination:
    """Objects below ``prefix`` in one bucket; use it as a context manager."""

    def __init__(self, target: str, bucket: str, prefix: str, terms: DestinationOptions) -> None:
        self.target = target
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._terms = terms
        self._oldest: dict[str, str] | None = None
        self.unlocked = 0
        with self._asked("reached"):
            self._client = _client(terms.endpoint_url)

    def __enter__(self) -> S3Destination:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._client.close()

    def names(self) -> tuple[str, ...]:
        """Return the name of every object that has a version, deleted since or not."""
        return tuple(sorted(self._versions()))

    def read(self, name: str) -> bytes:
        """Return the oldest version of an object."""
        return self._fetch(name, self._versions().get(name, ""))["data"]  # type: ignore[no-any-return]

    def holds(self, name: str, data: bytes) -> bool | None:
        """Compare an object's oldest version with ``data``: by the SHA-256 that the service keeps, else by reading."""
        version = self._versions().get(name)
        if version is None:
            return None
        with self._asked("read"):
            head = self._client.head_object(**self._at(name, version), ChecksumMode="ENABLED")
        until = head.get("ObjectLockRetainUntilDate")
        locked = head.get("ObjectLockMode") == "COMPLIANCE" and until is not None and until > self._terms.clock()
        self.unlocked += bool(self._terms.retention_days) and not locked
        kept = head.get("ChecksumSHA256")
        return kept == _checksum(data) if kept else self.read(name) == data

    def put(self, name: str, data: bytes) -> None:
        """Write a new object under a lock, read it back whole, and look whether the lock is on it."""
        lock: dict[str, Any] = {}
        if self._terms.retention_days:
            until = self._terms.clock() + timedelta(days=self._terms.retention_days)
            lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        try:
            version = self._create(name, data, lock)
        except _Taken:
            self._oldest = None
            version = self._versions().get(name, "")
        self._versions().setdefault(name, version)
        found = self._fetch(name, version)
        if found["data"] != data:
            raise other_bytes(self.target, name)
        if lock:
            self._require_lock(name, found, lock)

    def _create(self, name: str, data: bytes, lock: dict[str, Any]) -> str:
        from botocore.exceptions import ClientError

        with self._asked("written"):
            try:
                done = self._client.put_object(
                    **self._at(name),
                    Body=data,
                    IfNoneMatch="*",
                    # The service refuses a body that does not have this digest, and a lock needs one.
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=_checksum(data),
                    **lock,
                )
            except ClientError as error:
                if _code(error) in _TAKEN:
                    raise _Taken from error
                raise
        return str(done.get("VersionId", ""))

    def _require_lock(self, name: str, found: dict[str, Any], lock: dict[str, Any]) -> None:
        """Refuse to call locked what the service does not say is locked, or not for as long."""
        asked, kept = lock["ObjectLockRetainUntilDate"], found["until"]
        # A copy that was there already was locked from its own day on.
        if found["mode"] != "COMPLIANCE" or kept is None or (found["new"] and kept < asked - timedelta(minutes=1)):
            raise DestinationError(
                f"{self.target} keeps {name}, but not locked until {to_iso(asked)} in COMPLIANCE mode",
                hint="Enable Object Lock on the bucket, and allow s3:GetObjectRetention, or the lock does not show.",
                code="not-locked",
            )

    def _fetch(self, name: str, version: str) -> dict[str, Any]:
        with self._asked("read"):
            answer = self._client.get_object(**self._at(name, version))
            with answer["Body"] as body:
                data = body.read()
        until = answer.get("ObjectLockRetainUntilDate")
        new = self._terms.clock() - answer["LastModified"] < timedelta(minutes=5)
        return {"data": data, "mode": answer.get("ObjectLockMode"), "until": until, "new": new}

    def _versions(self) -> dict[str, str]:
        """Return the oldest version's id by name, listed once."""
        if self._oldest is None:
            with self._asked("listed"):
                self._oldest = self._list("list_object_versions", "Versions")
        return self._oldest

    def _list(self, call: str, part: str) -> dict[str, str]:
        from botocore.exceptions import ClientError

        found: dict[str, str] = {}
        try:
            for page in self._client.get_paginator(call).paginate(Bucket=self._bucket, Prefix=self._prefix):
                for entry in page.get(part, ()):
                    # Newest first (ListObjectVersions), so the last that is seen of a name is its oldest.
                    found[entry["Key"].removeprefix(self._prefix)] = entry.get("VersionId", "")
        except ClientError as error:
            if call == "list_object_versions" and _code(error) in _UNKNOWN_CALL:
                return self._list("list_objects_v2", "Contents")  # a service without versions has one of each
            raise
        return found

    def _at(self, name: str, version: str = "") -> dict[str, str]:
        place = {"Bucket": self._bucket, "Key": self._prefix + name}
        return place | {"VersionId": version} if version and version != "null" else place

    @contextmanager
    def _asked(self, verb: str) -> Iterator[None]:
        """Turn what boto3 raises into a ``DestinationError``."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            said = one_line(str(error.response.get("Error", {}).get("Message") or error), 300)
            raise DestinationError(
                f"{self.target} cannot be {verb}: {_code(error)}: {said}", hint=_HINTS.get(_code(error), "")
            ) from error
        except (BotoCoreError, ValueError, OSError) as error:
            hint = "Credentials and region come from the AWS environment and configuration files."
            raise DestinationError(f"{self.target} cannot be {verb}: {one_line(str(error), 300)}", hint=hint) from error


def caller_identity() -> str:
    """Return who AWS says these credentials are: the ARN; this one call needs no permission.

    Raises:
        DestinationError: there is no answer, or the credentials are not valid.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(connect_timeout=_CONNECT_S, read_timeout=_CONNECT_S, retries={"total_max_attempts": 1})
    hint = "Credentials and region come from the AWS environment and configuration files."
    try:
        make: Callable[..., Any] = boto3.session.Session().client
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return one_line(str(make("sts", config=config, region_name=region).get_caller_identity().get("Arn")), 200)
    except ClientError as error:
        said = one_line(str(error.response.get("Error", {}).get("Message") or error), 300)
        raise DestinationError(f"AWS does not accept the credentials: {_code(error)}: {said}", hint=hint) from error
    except (BotoCoreError, ValueError, OSError) as error:
        raise DestinationError(f"AWS cannot be asked: {one_line(str(error), 300)}", hint=hint) from error


class _Taken(Exception):
    """The name is taken already."""


def _client(endpoint_url: str) -> Any:
    import boto3
    from botocore.config import Config

    # Of other services only some resolve BUCKET.HOST; all know HOST/BUCKET.
    style = {"addressing_style": "path"} if endpoint_url else {}
    config = Config(
        s3=style,
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        request_checksum_calculation="when_required",
    )
    make: Callable[..., Any] = boto3.session.Session().client
    return make("s3", endpoint_url=endpoint_url or None, config=config)


def _checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
