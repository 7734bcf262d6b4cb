"""One measurement in a process of its own: ``one_scan.py fetch|triage KUBECONFIG`` prints seconds and peak memory.

``fetch`` gets every list that the sweep gets, one after another through the same client, and decodes it whole.
``triage`` is sweep and analyze. The client is connected and warm before the clock starts, in both.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path


def main(what: str, kubeconfig: str) -> None:
    """Measure and print JSON."""
    from agentops.core.alert import Target
    from agentops.core.clock import utc_now
    from agentops.core.progress import no_progress
    from agentops.providers.kubernetes.analyzers.analyze import analyze
    from agentops.providers.kubernetes.api.client import Selection, connect
    from agentops.providers.kubernetes.objects.kinds import builtin
    from agentops.providers.kubernetes.sweep.sweep import CLUSTER_SCOPED, NAMESPACED, sweep

    cache = Path(tempfile.mkdtemp())
    cluster = connect(kubeconfig=Path(kubeconfig), context=None, namespace=None, cache_dir=cache)
    cluster.version()
    problems = 0
    begun = time.perf_counter()
    if what == "fetch":
        kept = [
            page.items
            for kind in (*NAMESPACED, *CLUSTER_SCOPED)
            for page in cluster.list_pages(builtin(kind), Selection())
        ]
        del kept
    else:
        snapshot = sweep(cluster, target=Target(), namespaces=(), clock=utc_now, progress=no_progress)
        problems = len(analyze(snapshot))
    seconds = time.perf_counter() - begun
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "problems": problems}))


if __name__ == "__main__":
    main(*sys.argv[1:])
