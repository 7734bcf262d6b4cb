"""Pulling images: which exist, who may have them, what a failed pull says and when it is tried again.

Comes in: a container and its pod. Goes out: changes to the container's ``Pull`` record, and the events that the
kubelet writes. Wording as of kubelet 1.32 with containerd. Must never pull anything from anywhere.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime, timedelta

from agentops.sandbox.kubelet.runs import Box
from agentops.sandbox.objects import namespace_of
from agentops.sandbox.programs import Program, split_image
from agentops.sandbox.store import Obj
from agentops.sandbox.world import World

_FIRST_RETRY_S, _LONGEST_RETRY_S = 10, 300
_BACK_OFF_NOTICE_S = 15
_REFERENCE = re.compile(r"[a-z0-9]+([._:/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?")


class Images:
    """The images on each node, and the registries as the programs declare them."""

    def __init__(self) -> None:
        self._cached: set[tuple[str, str]] = set()

    def ensure(self, world: World, pod: Obj, box: Box) -> tuple[bool, datetime | None]:
        """Bring the container's image to the node, or one step nearer.

        Returns:
            Whether it is there, and when to look again if not.
        """
        pull, now = box.pull, world.now
        if pull.done_at is not None:
            if now >= pull.done_at and pull.message:
                say(world, pod, box, "Normal", "Pulled", pull.message)
                pull.message = ""
            return now >= pull.done_at, pull.done_at
        if pull.retry_at is not None and now < pull.retry_at:
            return False, self._back_off(world, pod, box, pull.retry_at)
        return self._attempt(world, pod, box)

    def forget(self, box: Box) -> None:
        """Have the image looked for again, as before each start of a container."""
        box.pull.done_at = None

    def _attempt(self, world: World, pod: Obj, box: Box) -> tuple[bool, datetime | None]:
        image, node, pull = box.spec["image"], pod["spec"]["nodeName"], box.pull
        program = world.programs.find(image)
        policy = box.spec.get("imagePullPolicy") or ("Always" if split_image(image)[1] == "latest" else "IfNotPresent")
        if not _REFERENCE.fullmatch(image):
            return False, _invalid(world, pod, box)
        if (node, image) in self._cached and program is not None and policy != "Always":
            there = f'Container image "{image}" already present on machine and can be accessed by the pod'
            say(world, pod, box, "Normal", "Pulled", there)
            pull.done_at, pull.failures, pull.retry_at = world.now, 0, None
            return True, None
        if policy == "Never":
            box.waiting = ("ErrImageNeverPull", f'Container image "{image}" is not present with pull policy of Never')
            return False, world.now + timedelta(seconds=_BACK_OFF_NOTICE_S)
        say(world, pod, box, "Normal", "Pulling", f'Pulling image "{image}"')
        error = _refusal(world, pod, image, program)
        if error or program is None:
            return False, _failed(world, pod, box, error)
        cached = (node, image) in self._cached
        took_s = 0.4 if cached else 0.6 + program.size_mb / 60 + world.random.random()
        self._cached.add((node, image))
        pull.done_at = world.now + timedelta(seconds=took_s)
        pull.failures, pull.retry_at = 0, None
        size = f"Image size: {program.size_mb * 1_048_576 + 4127} bytes."
        pull.message = f'Successfully pulled image "{image}" in {took_s:.3f}s ({took_s:.3f}s including waiting). {size}'
        return False, pull.done_at

    def _back_off(self, world: World, pod: Obj, box: Box, retry_at: datetime) -> datetime:
        pull, image = box.pull, box.spec["image"]
        notice_at = (pull.failed_at or world.now) + timedelta(seconds=min(_BACK_OFF_NOTICE_S, 5 * 2**pull.failures))
        if world.now < notice_at:
            return min(notice_at, retry_at)
        if not pull.announced:
            pull.announced = True
            box.waiting = ("ImagePullBackOff", f'Back-off pulling image "{image}": {pull.reason}: {pull.error}')
            say(world, pod, box, "Normal", "BackOff", f'Back-off pulling image "{image}"')
            say(world, pod, box, "Warning", "Failed", "Error: ImagePullBackOff")
        return retry_at


def _failed(world: World, pod: Obj, box: Box, error: str) -> datetime:
    pull = box.pull
    pull.failures += 1
    wait_s = min(_FIRST_RETRY_S * 2 ** (pull.failures - 1), _LONGEST_RETRY_S)
    pull.failed_at, pull.error, pull.reason, pull.announced = world.now, error, "ErrImagePull", False
    pull.retry_at = world.now + timedelta(seconds=wait_s)
    box.waiting = ("ErrImagePull", error)
    say(world, pod, box, "Warning", "Failed", f'Failed to pull image "{box.spec["image"]}": {error}')
    say(world, pod, box, "Warning", "Failed", "Error: ErrImagePull")
    return world.now + timedelta(seconds=min(_BACK_OFF_NOTICE_S, 5 * 2**pull.failures))


def _invalid(world: World, pod: Obj, box: Box) -> datetime:
    image = box.spec["image"]
    message = (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": invalid reference format'
    )
    if box.waiting[0] != "InvalidImageName":
        say(world, pod, box, "Warning", "InspectFailed", message)
        say(world, pod, box, "Warning", "Failed", "Error: InvalidImageName")
    box.waiting = ("InvalidImageName", message)
    return world.now + timedelta(minutes=1)


def _refusal(world: World, pod: Obj, image: str, program: Program | None) -> str:
    """Return why the registry does not hand out the image; empty when it does."""
    prefix = (
        f'failed to pull and unpack image "{_canonical(image)}": failed to resolve reference "{_canonical(image)}": '
    )
    if program is None:
        return f"rpc error: code = NotFound desc = {prefix}{_canonical(image)}: not found"
    if not program.registry:
        return ""
    given, missing = _credentials(world, pod, program.registry)
    if missing:
        message = f"Unable to retrieve some image pull secrets ({', '.join(missing)}); "
        message += "attempting to pull the image may not succeed."
        world.event(pod, "Warning", "FailedToRetrieveImagePullSecret", message, "kubelet", host=pod["spec"]["nodeName"])
    if world.programs.credentials.get(program.registry) in given:
        return ""
    token = f"https://{program.registry}/oauth2/token"
    refused = f"failed to authorize: failed to fetch oauth token: unexpected status from POST request to {token}: "
    return f"failed to pull image: {prefix}{refused}401 Unauthorized"


def _credentials(world: World, pod: Obj, registry: str) -> tuple[list[str], list[str]]:
    """Return the ``user:password`` pairs that the pod's pull secrets hold for a registry, and the absent secrets."""
    given: list[str] = []
    missing: list[str] = []
    for entry in pod["spec"].get("imagePullSecrets") or []:
        secret = world.peek("Secret", namespace_of(pod), entry["name"])
        if secret is None:
            missing.append(entry["name"])
            continue
        raw = (secret.get("data") or {}).get(".dockerconfigjson", "")
        try:
            auths = json.loads(base64.b64decode(raw, validate=True)).get("auths", {})
            given.append(base64.b64decode(auths.get(registry, {}).get("auth", ""), validate=True).decode())
        except (binascii.Error, ValueError, AttributeError):
            # An unreadable pull secret is as good as none; the pull then fails with 401.
            continue
    return given, missing


def _canonical(image: str) -> str:
    repository, tag = split_image(image)
    head, slash, _ = repository.partition("/")
    if not slash:
        repository = f"docker.io/library/{repository}"
    elif "." not in head and ":" not in head and head != "localhost":
        repository = f"docker.io/{repository}"
    return f"{repository}:{tag}"


def say(world: World, pod: Obj, box: Box, kind: str, reason: str, message: str) -> None:
    """Record an event about one container of a pod."""
    where = f"init:{box.name}" if box.init else box.name
    world.event(pod, kind, reason, message, "kubelet", host=pod["spec"]["nodeName"], container=where)
