"""What the MCP door adds to a read: the same call directly and through a client, in turns; milliseconds.

Run alone: ``python -m tests.benchmarks.mcp_hop``. The direct call is the use case itself in this process, on a
simulated cluster; the other one is the SDK's client over stdio and HTTP, with a server and such a cluster in another.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from mcp import Client

from agentops.app.mcp_clients import STDIO
from agentops.app.mcp_clients import Client as Program
from agentops.app.reading import LastReadings, read
from agentops.app.serving import door_runs
from tests.support.account import user_database
from tests.support.mcp_door import ERAS, SCENARIO, Place, http_client

CALLS = 200
_WARM = 20
_ARGUMENTS = {"kind": "Pod", "namespace": "shop"}


async def in_turns(client: Client, direct: Callable[[], None]) -> tuple[list[float], list[float]]:
    """Return how long each call takes, seconds: directly, and through the client; one after the other, in turns."""
    ours, theirs = [], []
    for _ in range(CALLS + _WARM):
        began = time.perf_counter()
        await asyncio.to_thread(direct)
        between = time.perf_counter()
        found = await client.call_tool("kubernetes_list", _ARGUMENTS)
        ours.append(between - began)
        theirs.append(time.perf_counter() - between)
        assert not found.is_error
    return ours[_WARM:], theirs[_WARM:]


def measured(place: Place) -> dict[str, tuple[list[float], list[float]]]:
    """Return the durations by the way of the call."""
    place.clients('[clients."*"]\nper_minute = 100000\n')
    token = place.token("bench")
    with (place.home / "mcp-clients.toml").open("a") as file:
        file.write("per_minute = 100000\n")
    program, readings, found = Program(name="bench", door=STDIO, established_by="option"), LastReadings(), {}
    with door_runs(lambda: place.settings, SCENARIO) as runs:

        def direct() -> None:
            with runs.shared(program) as app:
                read(app, "kubernetes_list", _ARGUMENTS, readings)

        async def over_http(address: str, mode: str) -> tuple[list[float], list[float]]:
            async with http_client(address, token, mode) as client:
                return await in_turns(client, direct)

        for mode in ERAS:
            found[f"stdio {mode}"] = place.with_client(lambda client: in_turns(client, direct), mode)
        with place.over_http() as address:
            for mode in ERAS:
                found[f"http {mode}"] = asyncio.run(over_http(address, mode))
    return found


def _best_tenth(took: list[float]) -> float:
    return statistics.quantiles(took, n=10)[0]


def main() -> None:
    """Print medians, and the best tenth, which is what the machine can do when nobody else wants it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        os.environ["AGENTOPS_HOME"] = str(home)
        with mock.patch("pwd.getpwuid", user_database(home)):
            found = measured(Place(home=home, log=Path(folder) / "stderr.log"))
    for way, (ours, theirs) in found.items():
        for what, of in (("median", statistics.median), ("best tenth", _best_tenth)):
            direct, through = of(ours) * 1000, of(theirs) * 1000
            said = f"{way:18} {what:10} {direct:6.2f} -> {through:6.2f} ms   adds {through - direct:6.2f} ms"
            sys.stdout.write(said + "\n")


if __name__ == "__main__":
    main()
