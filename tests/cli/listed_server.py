"""An MCP server over standard input and output whose tools stand in a file: ``python listed_server.py FILE``.

FILE is JSON: ``name`` (what it calls itself), ``tools`` (what ``tools/list`` answers) and ``answers`` (a text by tool;
``$ENV`` is its environment). Every call is appended to ``FILE.calls``. Tests change the file between two starts.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def main(path: Path) -> None:
    """Serve until the input ends."""
    known = json.loads(path.read_text())

    def answer(request: dict[str, Any]) -> Any:
        if request["method"] == "initialize":
            info = {"name": known["name"], "version": known.get("version", "1.0")}
            return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
        if request["method"] == "tools/list":
            return {"tools": known["tools"]}
        params = request["params"]
        with path.with_suffix(".calls").open("a") as calls:
            calls.write(json.dumps(params) + "\n")
        text = known.get("answers", {}).get(params["name"], "done")
        return {"content": [{"type": "text", "text": text.replace("$ENV", json.dumps(dict(os.environ)))}]}

    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        if request["method"] in ("initialize", "tools/list", "tools/call"):
            reply["result"] = answer(request)
        else:
            reply["error"] = {"code": -32601, "message": "Method not found"}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
