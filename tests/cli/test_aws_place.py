"""Which account, region and identity a run looks at: options, what is pinned and recorded, what changes meanwhile."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.core.clock import to_iso, utc_now
from tests.support.aws_machine import without_aws
from tests.support.aws_stub import AwsStub, caller, refusal, serving

Cli = Callable[..., Any]
ALARMS = ("investigate", "aws:sqs/queue/orders", "--no-model", "-o", "json")


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any setting of AWS but a folder for its files."""
    without_aws(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:
    """An AWS in which there is no queue, and whose callers are told apart by their key."""

    def who(headers: Any) -> bytes:
        account = "222222222222" if "AKIASECOND" in str(headers.get("Authorization")) else "111111111111"
        return caller(account, f"arn:aws:iam::{account}:user/u")

    with serving(AwsStub(lambda _n: (400, refusal("QueueDoesNotExist")), who)) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        yield found


def _profiles(folder: Path) -> None:
    (folder / "config").write_text("[profile first]\nregion = eu-west-1\n[profile second]\nregion = eu-west-3\n")
    (folder / "credentials").write_text(
        "[first]\naws_access_key_id = AKIAFIRST\naws_secret_access_key = secret-one\n"
        "[second]\naws_access_key_id = AKIASECOND\naws_secret_access_key = secret-two\n"
    )


@pytest.mark.parametrize(
    ("options", "account", "region"),
    [
        (("--aws-profile", "first"), "111111111111", "eu-west-1"),
        (("--aws-profile", "second"), "222222222222", "eu-west-3"),
        (("--aws-profile", "second", "--aws-region", "us-east-1"), "222222222222", "us-east-1"),
    ],
)
def test_the_options_lead_to_an_account_which_is_on_record(
    options: tuple[str, ...], account: str, region: str, stub: AwsStub, cli: Cli, nobody: Path, home: Path
) -> None:
    """Profile and region act; account, region and role are recorded, and how a later run gets there."""
    _profiles(nobody)
    said = cli(*ALARMS, *options).document["errors"][0]["message"]
    (record,) = cli("audit", "log", "--event", "cluster_pinned", "-o", "json").document["records"]
    where = tuple(record["payload"][name] for name in ("context", "namespace", "server"))
    assert said.endswith(f"in account {account}, region {region}")
    assert where == (account, region, f"arn:aws:iam::{account}:user/u")
    kept = "".join(path.read_text("utf-8", "replace") for path in home.rglob("*") if path.is_file())
    assert [one for one in ("secret-one", "secret-two") if one in kept] == []


def test_what_is_looked_at_is_shown_before_it_is_read(stub: AwsStub, cli: Cli, nobody: Path) -> None:
    """One line on stderr names the account, the region and the identity."""
    _profiles(nobody)
    done = cli(*ALARMS[:-2], "--aws-profile", "first", "-v")
    assert "AWS account 111111111111, region eu-west-1, arn:aws:iam::111111111111:user/u" in done.err


def test_the_options_are_settings_like_others(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line goes before the environment, and both are said to be where a value comes from."""
    monkeypatch.setenv("AGENTOPS_AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AGENTOPS_AWS_PROFILE", "first")
    rows = cli("config", "show", "--aws-profile", "second", "-o", "json").document["settings"]
    found = {one["key"]: (one["value"], one["origin"]) for one in rows if one["key"].startswith("aws.")}
    assert found == {
        "aws.aws_profile": ("second", "option --aws-profile"),
        "aws.aws_region": ("eu-west-1", "env AGENTOPS_AWS_REGION"),
        "aws.aws_role": ("", "default"),
        "aws.aws_insights_gib": (5.0, "default"),
        "aws.aws_plan_session": (True, "default"),
    }


def test_credentials_of_another_account_end_the_run(stub: AwsStub, cli: Cli, nobody: Path) -> None:
    """A program that hands out credentials has another account's by the third call: nothing is asked with them."""
    counter, program = nobody / "count", nobody / "program.py"
    until = to_iso(utc_now() + timedelta(minutes=5))
    # Credentials that end within ten minutes are fetched anew for each call.
    program.write_text(
        f"import json, pathlib\nhow = pathlib.Path({str(counter)!r})\n"
        "n = int(how.read_text()) + 1 if how.exists() else 1\nhow.write_text(str(n))\n"
        "key = 'AKIAFIRST' if n < 6 else 'AKIASECOND'\n"
        f"print(json.dumps({{'Version': 1, 'AccessKeyId': key, 'SecretAccessKey': 's' * 20, 'SessionToken': 't',"
        f" 'Expiration': {until!r}}}))\n"
    )
    (nobody / "config").write_text(
        f"[profile moving]\nregion = eu-west-1\ncredential_process = {sys.executable} {program}\n"
    )
    stub.answer = lambda _n: (200, json.dumps({"QueueUrl": "http://127.0.0.1/1/orders"}).encode())
    done = cli(*ALARMS, "--aws-profile", "moving")
    (error,) = done.document["errors"]
    assert (done.code, error["code"]) == (1, "aws-changed"), error
    assert "began in account 111111111111" in error["message"]
    assert "now of account 222222222222" in error["message"]
