"""Texts that make a detector slow: each by its size in bytes, so that what a doubling costs can be measured."""

from __future__ import annotations

from collections.abc import Callable


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda size: piece * (size // len(piece))


def _secret_yaml(size: int) -> str:
    one = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s{}\ndata:\n"
        + "".join(f"  key-{n}: c2VjcmV0LXZhbHVlLTEyMzQ1Njc4\n" for n in range(20))
        + "---\n"
    )
    return "".join(one.format(n) for n in range(size // (len(one) + 3)))


def _one_secret(size: int) -> str:
    pair = "  some.key-{}: c2VjcmV0LXZhbHVlLTEyMzQ1Njc4\n"
    return "kind: Secret\ndata:\n" + "".join(pair.format(n) for n in range(size // (len(pair) + 6)))


def _quotes(size: int) -> str:
    depth = 12
    one = "".join(
        "{" + "\\" * (2 ** min(level, 6) - 1) + '"password' + "\\" * (2 ** min(level, 6) - 1) + '":'
        for level in range(depth)
    )
    return one * (size // len(one))


WORST_CASES: dict[str, tuple[int, Callable[[int], str]]] = {
    "key= without a value": (64_000, _repeated("key=")),
    "password= without a value": (64_000, _repeated("password=")),
    "password: in one line": (256_000, _repeated("password: ")),
    "addresses ://a:b": (600_000, _repeated("://a:b")),
    "addresses ://a:b@": (600_000, _repeated("://a:b@")),
    "1 MB of Secrets in YAML": (1_000_000, _secret_yaml),
    "one Secret of 1 MB": (1_000_000, _one_secret),
    "addresses in one word": (600_000, lambda size: _repeated("a://a:b,")(size - 1) + "@"),
    "one line of letters": (1_000_000, _repeated("a")),
    "one line of base64": (1_000_000, _repeated("c2VjcmV0LXZhbHVl")),
    "one line of words": (1_000_000, _repeated("token word ")),
    "one line of pairs": (1_000_000, _repeated("token=abc1 ")),
    "nested quotes": (256_000, _quotes),
    "open quotes": (256_000, _repeated("\"password\":\"")),
    "open private keys": (512_000, _repeated("-----BEGIN PRIVATE KEY-----\n")),
    "name and no value": (512_000, _repeated("name: DB_PASSWORD\n")),
    "name, value, name": (512_000, _repeated("name: x value")),
    "query without a value": (512_000, _repeated("?sig=")),
    "escape characters": (512_000, _repeated("\x1b[")),
    "backslashes": (512_000, _repeated("\\")),
    "spaces": (512_000, _repeated("password" + " " * 500)),
    "heads of JWTs": (512_000, _repeated("eyJhbGciOi.")),
    "dashes": (512_000, _repeated("-")),
    "data: blocks": (512_000, _repeated("kind: Secret\ndata:\n")),
    "block scalars": (512_000, _repeated("password: |\n")),
}  # fmt: skip
