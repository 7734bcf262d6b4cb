"""Record what real MCP servers list: ``python -m tests.real_mcp.record [KEY ...]``; ``--raw FOLDER`` keeps whole lists.

Into ``recorded/KEY.json`` go names, digests of schemas, annotations and sizes, and no word of a description: enough to
see that a server changed, and that a classification was reviewed for what is installed. Whole lists are for whoever
reviews, outside the repository.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from agentops.core.digest import canonical, digest
from tests.real_mcp.servers import SERVERS, RealServer

RECORDED = Path(__file__).with_name("recorded")
KUBECONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "none",
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "none", "user": {"token": "none"}}],
}


def main() -> int:
    """Record the servers that are named, or all that are installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY")
    parser.add_argument("--raw", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a variable for the server")
    words = parser.parse_args()
    RECORDED.mkdir(exist_ok=True)
    extra = dict(pair.split("=", 1) for pair in words.set)
    for key in words.keys or SERVERS:
        server = SERVERS[key]
        if not server.path():
            sys.stderr.write(f"{key}: not installed\n")
            continue
        raw, seconds = listed(server, extra)
        record = compact(server, raw)
        (RECORDED / f"{key}.json").write_text(written(record), "utf-8")
        if words.raw:
            words.raw.mkdir(parents=True, exist_ok=True)
            (words.raw / f"{key}.json").write_text(json.dumps(raw, indent=1), "utf-8")
        sys.stderr.write(f"{key}: {len(record['tools'])} tools, {record['list_bytes']} bytes, {seconds:.1f} s\n")
    return 0


def listed(server: RealServer, extra: dict[str, str]) -> tuple[dict[str, Any], float]:
    """Return what the server says of itself and all of its tools as they are on the wire, and the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        if server.key == "git":
            subprocess.run(["git", "init", "-q", str(work)], check=True)
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(json.dumps(KUBECONFIG))
        names = {"dir": str(work), "kubeconfig": str(kubeconfig), "port": str(_closed_port())}
        args = [word.format(**names) for word in server.args]
        env = {name: value.format(**names) for name, value in server.env.items()} | extra
        env |= {"PATH": _path(server), "HOME": folder}
        started = time.monotonic()
        answer = asyncio.run(asyncio.wait_for(_list(server.path(), args, env, folder), server.start_s))
        return answer, time.monotonic() - started


async def _list(command: str, args: list[str], env: dict[str, str], folder: str) -> dict[str, Any]:
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    parameters = StdioServerParameters(command=command, args=args, env=env, cwd=folder)
    with (Path(folder) / "stderr").open("w") as stderr:
        async with Client(stdio_client(parameters, errlog=stderr)) as client:
            tools, cursor = [], None
            while True:
                page = await client.list_tools(cursor=cursor)
                tools += [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in page.tools]
                cursor = page.next_cursor
                if not cursor:
                    break
            return {
                "protocol": client.protocol_version,
                "server": {"name": client.server_info.name, "version": client.server_info.version},
                "tools": tools,
            }


def compact(server: RealServer, raw: dict[str, Any]) -> dict[str, Any]:
    """Return names, digests, annotations and sizes of what ``listed`` returned."""
    tools = {
        one["name"]: {
            "schema": digest(one["inputSchema"]),
            "arguments": sorted(one["inputSchema"].get("properties", {})),
            "required": sorted(one["inputSchema"].get("required", [])),
            "annotations": {name: value for name, value in one.get("annotations", {}).items() if name.endswith("Hint")},
            "bytes": len(canonical(one)),
        }
        for one in sorted(raw["tools"], key=lambda one: str(one["name"]))
    }
    return {
        "package": server.package,
        "registry": server.registry,
        "version": server.version,
        "licence": server.licence,
        "server": raw["server"],
        "protocol": raw["protocol"],
        "list_bytes": len(canonical(raw["tools"])),
        "tools": tools,
    }


def written(record: dict[str, Any]) -> str:
    """Return a record as JSON with a line a tool, so that a difference between two versions can be read."""
    head = json.dumps({name: value for name, value in record.items() if name != "tools"}, indent=1, sort_keys=True)
    lines = [f"  {json.dumps(name)}: {json.dumps(one, sort_keys=True)}" for name, one in record["tools"].items()]
    return head.removesuffix("\n}") + ',\n "tools": {\n' + ",\n".join(lines) + "\n }\n}\n"


def _path(server: RealServer) -> str:
    """Return a PATH with the server's own folder and the interpreter of its scripts."""
    folders = [str(Path(server.path()).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    node = shutil.which("node")
    if server.registry == "npm" and node:
        folders.insert(1, str(Path(node).parent))
    return ":".join(folders)


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
