"""AWS as moto plays it over HTTP on loopback, and a client of ours that leads there."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from agentops.providers.aws.api.client import AwsClient, open_client

REGION = "eu-west-1"


@pytest.fixture(scope="session")
def moto_server(slow: None) -> Iterator[str]:
    """One server for the session; skips where moto is not installed."""
    pytest.importorskip("moto.server", reason="moto is not installed: pip install 'moto[server]'")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def moto_url(moto_server: str) -> str:
    """The server, emptied for each file of tests: to build its world anew for each test takes seconds."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_server}/moto-api/reset", method="POST")).close()
    return moto_server


@pytest.fixture(scope="module")
def raw(moto_url: str) -> Callable[[str], Any]:
    """A client of the SDK without our guard, to build what is looked at."""
    import boto3

    @cache
    def make(service: str) -> Any:
        return boto3.session.Session().client(
            service,
            endpoint_url=moto_url,
            region_name=REGION,
            aws_access_key_id="builder",
            aws_secret_access_key="builder",
        )

    return make


@pytest.fixture(scope="module")
def client(moto_url: str) -> AwsClient:
    """Our client, which can only read."""
    return open_client({"aws_endpoint": moto_url, "aws_region": REGION, "aws_attempts": 1}, lambda _secret: None)
