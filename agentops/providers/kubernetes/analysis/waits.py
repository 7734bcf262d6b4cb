"""What an init container waits for: Jobs and Services of its namespace that its command or its log names.

Comes in: the graph, a pod and the name of its init container. Goes out: identities of objects that exist. A name counts
only as a whole word, and beside a word of waiting or in a host's place.
"""

from __future__ import annotations

import re
from typing import Any

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.objects.fields import Key, containers_of, namespace_of, strings, text

_JOB = re.compile(r"(?i)\bjobs?(?:\.batch)?[/ :=\"']{1,2}([a-z0-9][a-z0-9-]{0,62})")
_HOST = re.compile(
    r"(?i)(?:nslookup|nc(?: -\w+)*|getent hosts|ping(?: -\w+ ?\d*)*|https?://|wait-for-it(?:\.sh)?"
    r"|waiting for(?: service)?|pg_isready(?: -\w+)* -h|redis-cli -h) ?([a-z0-9][a-z0-9-]{0,62})(?=[.:/\s\"';)]|$)"
)


def awaited(graph: Graph, pod: dict[str, Any], container: str) -> list[Key]:
    """Return the Jobs and Services that the init container waits for, as far as they exist."""
    namespace = namespace_of(pod)
    spec = next((one for _, one in containers_of(pod.get("spec") or {}) if text(one, "name") == container), {})
    said = [*strings(spec, "command"), *strings(spec, "args")]
    said += [line for tail in graph.logs(pod, container) for line in tail.lines[-20:]]
    words = " ".join(said)[:8000]
    keys = [("Job", namespace, match) for match in _JOB.findall(words)]
    keys += [("Service", namespace, match) for match in _HOST.findall(words)]
    return [key for key in dict.fromkeys(keys) if graph.get(key) is not None]
