"""The child process of a sandbox of AWS: moto's server on loopback, the scenario's world in it, until the pipe closes.

Called as ``python -m agentops.sandbox.cloud.serving SCENARIO REGION CLUSTER``. CLUSTER is the address of the simulated
cluster behind it, or empty. Prints one line of JSON when it is ready: the address and the alarm. Must never listen on
anything but loopback.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from typing import Any

from agentops.core.clock import to_iso, utc_now
from agentops.sandbox.cloud.answers import lay_over
from agentops.sandbox.cloud.lacking import add_lacking
from agentops.sandbox.cloud.scenario import load
from agentops.sandbox.cloud.seeding import CloudWorld


def main(words: list[str]) -> int:
    """Serve until standard input ends."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    name, region, cluster = words
    scenario = load(name)
    add_lacking()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    world = CloudWorld(f"http://{host}:{port}", region, utc_now(), {"cluster": cluster})
    alarm = world.build(scenario)
    lay_over(world, scenario)
    ready = {"url": world.url, "alarm": _plain(alarm), "kept": _plain(world.kept), "now": to_iso(world.now)}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()
    return 0


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
