"""Prints which condition triage gives where which one is wanted, and exits 1 when one is wrong with confidence.

Over the cases of ``tests/cases``, 60 healthy clusters full of noise and, unless ``--quick``, the sandbox's scenarios.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.providers.kubernetes.analyzers.confusion import of_cases, of_healthy_clusters, of_scenarios, table


def main(arguments: list[str]) -> int:
    """Return 1 when a wrong cause was given with medium or high confidence, else 0."""
    found = [*of_cases(), *of_healthy_clusters()]
    if "--quick" not in arguments:
        found += of_scenarios()
    print(table(found))
    wrong = [one for one in found if one.is_confidently_wrong]
    for one in wrong:
        print(f"wrong: {one.name}: {one.given} ({one.confidence.value}), wanted {one.wanted}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
