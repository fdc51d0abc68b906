"""The local cloud itself: who can reach it, what it can reach, and what it keeps."""

import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.cast import operator_runtime
from cli.cloud import CloudError, http, listening, local_client, reset, running
from cli.stack import Stack, deploy
from infra.package import ROOT, package

TABLE = {
    "TableName": "kept",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_no_other_machine_can_reach_it(stack: Stack) -> None:
    places = listening(stack.cloud.process.pid)
    assert places
    assert all(ipaddress.ip_address(place.rpartition(":")[0]).is_loopback for place in places)


def test_listening_sockets_are_found() -> None:
    # The test above proves nothing with a check that sees nothing.
    code = "import socket; s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen(); input()"
    with subprocess.Popen(  # noqa: S603 (the lines above)
        [sys.executable, "-c", code], stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 10
        while not (places := listening(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
    assert places
    assert places[0].startswith("0.0.0.0:")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://dynamodb.eu-west-2.amazonaws.com",
        "http://169.254.169.254",
        "http://127.0.0.1.example.org:4599",
        "",
    ],
)
def test_no_client_is_made_for_anything_else(endpoint: str) -> None:
    with pytest.raises(CloudError, match="real AWS"):
        local_client("dynamodb", endpoint)


def test_the_users_own_settings_are_ignored(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "config"
    settings.write_text("[profile work]\nendpoint_url = http://127.0.0.1:1\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(settings))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    client = stack.cloud.client("dynamodb")
    assert client.meta.endpoint_url == stack.cloud.endpoint
    assert client.meta.region_name == "eu-west-2"
    assert stack.resources["Table"] in client.list_tables()["TableNames"]


def test_functions_see_nothing_of_our_environment(stack: Stack) -> None:
    environment = Path(f"/proc/{stack.cloud.process.pid}/environ").read_text()
    inherited = {entry.partition("=")[0] for entry in environment.split("\0")} & set(os.environ)
    assert inherited <= {"PATH", "HOME", "TMPDIR"}
    assert str(Path.home()) not in environment.split("\0")


def test_state_survives_a_stop(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        cloud.client("dynamodb").create_table(**TABLE)
        item = {"pk": {"S": "a"}}
        cloud.client("dynamodb").put_item(TableName="kept", Item=item)
    with running(tmp_path) as cloud:
        assert cloud.client("dynamodb").get_item(TableName="kept", Key=item)["Item"] == item
    reset(tmp_path)
    with running(tmp_path) as cloud:
        assert cloud.client("dynamodb").list_tables()["TableNames"] == []


def test_mail_survives_a_stop(tmp_path: Path) -> None:
    for subject in ("first", "second"):
        with running(tmp_path) as cloud:
            mail = cloud.client("ses")
            mail.verify_email_identity(EmailAddress="from@example.org")
            mail.send_email(
                Source="from@example.org",
                Destination={"ToAddresses": ["to@example.org"]},
                Message={"Subject": {"Data": subject}, "Body": {"Text": {"Data": "text"}}},
            )
            assert cloud.read_mail("somebody.else@example.org") == []
            subjects = [letter.subject for letter in cloud.read_mail("to@example.org")]
    assert subjects == ["first", "second"]


def test_a_directory_has_one_cloud(tmp_path: Path) -> None:
    with running(tmp_path), pytest.raises(CloudError, match="in use by process"), running(tmp_path):
        pytest.fail("two clouds share their state")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CloudError, match=f"port {port} is in use"), running(tmp_path, port):
            pytest.fail("it took a port that is in use")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_owner_leaves_no_cloud_behind(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "import sys; from pathlib import Path; from cli.cloud import running\n"
        "with running(Path(sys.argv[1])) as cloud:\n"
        "    print(cloud.process.pid, flush=True); cloud.wait()\n"
    )
    with subprocess.Popen(  # noqa: S603 (as above)
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as owner:
        assert owner.stdout
        left = int(owner.stdout.readline())
        owner.send_signal(number)
        owner.wait()
    with running(tmp_path) as cloud:  # after a SIGKILL this first stops what was left behind
        assert cloud.process.pid != left
        assert listening(left) == []


def test_a_cloud_that_dies_is_reported(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        cloud.process.kill()
        with pytest.raises(CloudError, match="stopped by itself"):
            cloud.wait()


def test_a_template_that_cannot_be_deployed_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "package"
    broken.mkdir()
    template = (package() / "sam.json").read_text()
    (broken / "sam.json").write_text(template.replace("AWS::SQS::Queue", "AWS::SQS::Qeue"))
    (broken / "deployment.zip").write_bytes((package() / "deployment.zip").read_bytes())
    with (
        running(tmp_path / "cloud") as cloud,
        pytest.raises(CloudError, match="could not be deployed"),
    ):
        deploy(cloud, broken)


def test_a_deployed_stack_survives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        first = deploy(cloud, package())
        subject = first.subject("anna@example.org")
        item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
        cloud.client("dynamodb").put_item(TableName=first.resources["Table"], Item=item)
        key = operator_runtime(first).sealer.jwk
    with running(tmp_path) as cloud:
        second = deploy(cloud, package())
        assert operator_runtime(second).sealer.jwk == key
        assert second.resources["Table"] == first.resources["Table"]
        table = cloud.client("dynamodb")
        assert table.get_item(TableName=second.resources["Table"], Key=item)["Item"] == item
        assert second.subject("anna@example.org") == subject
        # New mappings, because those of before the restart would skip records.
        mappings = cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        assert len(mappings) == 5
        assert not {mapping["UUID"] for mapping in mappings} & set(first.resources.values())
        answer = http.request("GET", f"{second.api}/v1/no-such-thing")
        assert answer.status == 404


def test_the_gateway_answers_with_problems(stack: Stack) -> None:
    answer = http.request("GET", f"{stack.api}/v1/no-such-thing")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "no-such-route"
