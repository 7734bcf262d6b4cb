"""Pages of kubectl, pasted as they are."""

from __future__ import annotations

import pytest

from agentops.alerts.decoding import decode

PODS = """NAMESPACE   NAME      READY   STATUS             RESTARTS        AGE
shop        db-0      0/1     CrashLoopBackOff   9 (4m50s ago)   25m
shop        web-1     1/1     Running            0               25m
shop        seed-1    0/1     Completed          0               25m
"""
DESCRIBE = """Name:             db-0
Namespace:        shop
Priority:         0
Service Account:  default
Node:             worker-2/192.168.10.22
Start Time:       Sun, 22 Nov 2026 15:40:00 +0000
Labels:           app=db
Status:           Running
Controlled By:    StatefulSet/db
Containers:
  db:
    Image:          db:7
    State:          Waiting
      Reason:       CrashLoopBackOff
    Ready:          False
Events:
  Type     Reason   Age                  From     Message
  ----     ------   ----                 ----     -------
  Warning  BackOff  2m (x40 over 25m)    kubelet  Back-off restarting failed container db
"""
DEPLOYMENT = """Name:                   cart
Namespace:              shop
Labels:                 app=cart
Selector:               app=cart
Replicas:               2 desired | 2 updated | 2 total | 0 available | 2 unavailable
StrategyType:           RollingUpdate
"""
NODES = """$ kubectl get nodes
NAME       STATUS                        ROLES           AGE   VERSION
worker-1   NotReady,SchedulingDisabled   <none>          40d   v1.31.0
worker-2   Ready                         <none>          40d   v1.31.0
"""
EVENTS = """LAST SEEN   TYPE      REASON    OBJECT           MESSAGE
2m          Warning   BackOff   pod/db-0         Back-off restarting failed container db
3m          Normal    Pulled    pod/web-1        Container image already present
"""
_BACK_OFF = "Pod db-0: BackOff: Back-off restarting failed container db"
ALL = """NAME           READY   STATUS    RESTARTS   AGE
pod/db-0       0/1     Pending   0          5m

NAME          TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)    AGE
service/db    ClusterIP   10.43.0.9     <none>        5432/TCP   5m

NAME                   READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/cart   2/2     2            2           5m
"""


@pytest.mark.parametrize(
    ("page", "target", "name"),
    [
        (PODS, "shop/Pod/db-0", "Pod db-0: CrashLoopBackOff"),
        (DESCRIBE, "shop/Pod/db-0", "Pod db-0: CrashLoopBackOff: Back-off restarting failed container db"),
        (DEPLOYMENT, "shop/Deployment/cart", "Deployment cart: described"),
        (f"$ kubectl describe deploy cart -n shop\n{DEPLOYMENT}", "shop/Deployment/cart", "Deployment cart: described"),
        (NODES, "Node/worker-1", "Node worker-1: NotReady,SchedulingDisabled"),
        (EVENTS, "Pod/db-0", _BACK_OFF),
        (f"> k get events -n shop\n{EVENTS}", "shop/Pod/db-0", _BACK_OFF),
        (ALL, "Pod/db-0", "Pod db-0: Pending"),
        (
            "NAME   READY   AGE\ndb     0/1     25m\n",
            "StatefulSet/db",
            "StatefulSet db: 0/1 ready",
        ),
        (
            "NAMESPACE   NAME    TYPE        CLUSTER-IP   PORT(S)\nshop   a   ClusterIP   10.0.0.1   80/TCP\n"
            "shop   b   ClusterIP   10.0.0.2   80/TCP\n",
            "shop",
            "a page of kubectl: nothing in it stands out",
        ),
    ],
)  # fmt: skip
def test_a_page_shows_what_is_unwell(page: str, target: str, name: str) -> None:
    """The row or the object that is unwell is the target; a page on which nothing is says at most where to look."""
    found = decode(page.encode(), "it")
    assert (str(found.target), found.lead.name) == (target, name)


def test_several_unwell_rows_are_one_incident() -> None:
    """What they share is their namespace."""
    page = PODS.replace("web-1     1/1     Running", "web-1     0/1     Pending")
    found = decode(page.encode(), "it")
    assert (str(found.target), [alert.target.name for alert in found.alerts]) == ("shop", ["db-0", "web-1"])
