"""How a pod uses a ConfigMap or a Secret, and when it notices an edit."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.objects.config_references import Use, use_of


def _volume(name="v", **source):
    return {"name": name, **source}


def _mounting(*volumes, listing="containers", **mount):
    return {"volumes": list(volumes), listing: [{"name": "c", "volumeMounts": [{"name": "v", **mount}]}]}


LIVE, AT_START, NOT = Use(live=True), Use(at_start=True), Use()
WHOLE = _volume(configMap={"name": "conf"})
ONE_KEY = _volume(configMap={"name": "conf", "items": [{"key": "a"}]})
PROJECTED = _volume(projected={"sources": [{"configMap": {"name": "conf"}}]})


@pytest.mark.parametrize(
    ("spec", "keys", "use"),
    [
        (_mounting(WHOLE), None, LIVE),
        (_mounting(WHOLE), {"a"}, LIVE),
        (_mounting(PROJECTED), {"a"}, LIVE),
        (_mounting(ONE_KEY), {"a", "b"}, LIVE),
        (_mounting(ONE_KEY), {"b"}, NOT),
        (_mounting(WHOLE, subPath="a"), None, AT_START),
        (_mounting(WHOLE, subPathExpr="$(A)"), None, AT_START),
        (_mounting(WHOLE, listing="ephemeralContainers"), None, LIVE),
        ({"volumes": [WHOLE]}, None, NOT),
        ({"containers": [{"envFrom": [{"configMapRef": {"name": "conf"}}]}]}, {"a"}, AT_START),
        (
            {"initContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "conf", "key": "a"}}}]}]},
            {"a"},
            AT_START,
        ),
        ({"containers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "conf", "key": "a"}}}]}]}, {"b"}, NOT),
        ({"containers": [{"envFrom": [{"configMapRef": {"name": "other"}}]}]}, None, NOT),
        ({}, None, NOT),
    ],
)
def test_volumes_follow_and_environments_do_not(spec, keys, use):
    """A subPath mount is of the start as well; a key that is not asked for is no use."""
    assert use_of(spec, "ConfigMap", "conf", None if keys is None else frozenset(keys)) == use


def test_other_kinds():
    """A Secret has a name of its own in a volume, and pulls images; a claim is mounted at the start."""
    secret = _mounting(_volume(secret={"secretName": "s"})) | {"imagePullSecrets": [{"name": "p"}]}
    claim = {"volumes": [_volume(persistentVolumeClaim={"claimName": "data"})]}
    assert [use_of(secret, "Secret", name, None) for name in ("s", "p", "x")] == [LIVE, AT_START, NOT]
    assert [use_of(claim, "PersistentVolumeClaim", name, None) for name in ("data", "x")] == [AT_START, NOT]
    assert [use_of({}, "ServiceAccount", name, None) for name in ("default", "x")] == [LIVE, NOT]
