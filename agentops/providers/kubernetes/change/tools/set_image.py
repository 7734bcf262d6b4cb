"""``kubernetes_set_image``: the image of one container.

Comes in: a live workload (or CronJob), a container and an image. Goes out: the workload as it should be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.containers import (
    CONTAINER,
    TEMPLATE_PERMISSIONS,
    container_path,
)
from agentops.providers.kubernetes.change.declaration import TEXT, change_tool
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put
from agentops.providers.kubernetes.objects.workloads import TEMPLATED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

# https://github.com/distribution/reference/blob/main/regexp.go, without its limits on length
_IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._:/-]*(?:@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,})?")


@change_tool(
    "kubernetes_set_image",
    "Set the image of one container. To go back to an earlier one, prefer rollout_undo.",
    {"container": CONTAINER, "image": TEXT},
    required=("image",),
    kinds=TEMPLATED_KINDS,
    permissions=TEMPLATE_PERMISSIONS,
)
@edits_object
def set_image(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with another image.

    Raises:
        ToolInputError: no such container, or what is given is no image reference.
    """
    path = container_path(live, str(arguments.get("container") or ""))
    image = str(arguments["image"])
    if not _IMAGE.fullmatch(image) or len(image) > 1000:
        raise ToolInputError(
            f"{one_line(image, 80)!r} is not an image", hint="Write it like registry.example/team/app:v1.2.3"
        )
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    moving = (
        ("latest or no tag: what runs depends on when it is pulled.",)
        if tag in {"", "latest"} and "@" not in image
        else ()
    )
    return Edited(obj=put(live, (*path, "image"), image), warnings=moving)
