"""A first file for a scenario of one's own: small, working, with every field in its place.

Comes in: a name and a folder. Goes out: the path of a new YAML file that loads, plays and passes its own oracle.
Must never overwrite a file.
"""

from __future__ import annotations

import re
from pathlib import Path

from agentops.core.errors import UsageError
from agentops.core.text import one_line

_TEMPLATE = """\
# A scenario: what is healthy, what breaks it, what pages, what a good answer says. docs/sandbox.md explains each field.
name: {name}
title: One line that a list shows
difficulty: easy
---
story: >-
  What happened, as one would tell it afterwards.
namespace: shop
base: shop
# More healthy objects and software, besides those of the base:
manifests: []
programs: []
# What breaks it, at times before now:
breaks:
  - at: -25m
    do:
      - set:
          Deployment/shop/cart:
            spec.template.spec.containers[cart].image: registry.shop.example/cart:9.9.9
# What pages:
alert:
  at: -10m
  name: KubeDeploymentRolloutStuck
  severity: warning
  labels: {{namespace: shop, deployment: cart}}
  summary: Rollout of deployment shop/cart is not progressing for longer than 15 minutes
# What a good answer names; accept lists other conditions that are as right:
cause: {{kind: Deployment, name: cart, condition: ImageNotFound}}
accept: []
# What a repair may touch; anything else is collateral damage:
may_change: [Deployment/shop/cart]
right_fix:
  - undo: Deployment/shop/cart
wrong_fixes:
  - name: scale-to-zero
    why: nothing serves any more
    do: [{{set: {{Deployment/shop/cart: {{spec.replicas: 0}}}}}}]
"""


def new_scenario(name: str, folder: Path) -> Path:
    """Write the first file of a scenario into ``folder`` and return its path.

    Raises:
        UsageError: a name that cannot be one, or a file of that name is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(
            f"{one_line(name, 60)!r} cannot name a scenario", hint="Use lower-case words with dashes: slow-disk."
        )
    path = folder / f"{name}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.format(name=name))
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", hint="Choose another name, or edit that file.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="Choose another folder.") from error
    return path
