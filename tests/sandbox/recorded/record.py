"""Records the answers of a real API server again, or writes down anew how the sandbox differs from them.

    python tests/sandbox/recorded/record.py --kubeconfig FILE [--context NAME]    a cluster that you may write to
    python tests/sandbox/recorded/record.py --differences                         the sandbox against the recordings

The first rewrites the answers in ``*.jsonl``, the second ``differences.yaml``; look at the diff before you commit it.
``README.md`` says what cluster it takes. Must never: touch anything but the namespace ``recorded``, which it deletes.
"""

from __future__ import annotations

import argparse
import base64
import json
import ssl
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))
import replay  # beside this file; it is no package


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeconfig", type=Path, help="record from this cluster")
    parser.add_argument("--context", help="a context of the kubeconfig; its current one otherwise")
    parser.add_argument("--differences", action="store_true", help="rewrite differences.yaml from the sandbox")
    given = parser.parse_args()
    if given.kubeconfig:
        _record(_client(given.kubeconfig, given.context))
    elif given.differences:
        found = replay.sandbox_answers()
        replay.DIFFERENCES.write_text(replay.differences_text(found), encoding="utf-8")
    else:
        parser.error("say --kubeconfig FILE or --differences")


def _record(client: replay.Client) -> None:
    player = replay.Player(client, time.sleep)
    for path in sorted(replay.HERE.glob("*.jsonl")):
        lines = []
        for step in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            player.play(step)
            if "name" in step:
                step["answer"] = player.answers[step["name"]]
            lines.append(json.dumps(step, ensure_ascii=False))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    client.send({"request": f"DELETE /api/v1/namespaces/{replay.NAMESPACE}"})
    client.close()


def _client(path: Path, wanted: str | None) -> replay.Client:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    context = _named(config["contexts"], wanted or config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"])["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    tls = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / "certificate", Path(folder) / "key"]
            for file, part in zip(files, ("client-certificate-data", "client-key-data"), strict=True):
                file.touch(mode=0o600)
                file.write_bytes(base64.b64decode(user[part]))
            tls.load_cert_chain(*files)
    return replay.Client(cluster["server"], tls, user.get("token", ""))


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


if __name__ == "__main__":
    main()
