"""`manage.py receive_webhooks`, as a process of its own."""

import subprocess
import time
import urllib.error
import urllib.request

import pytest

from notifications.channels.webhook.config import config_of
from notifications.channels.webhook.signing import sign
from tests.support import preloaded_python
from tests.support.processes import PROGRAM_DEADLINE_S, database_url, environment, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def receiver(tmp_path):
    """The address of a receiver that knows the secrets of the test's database."""
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        program = preloaded_python.start(
            *("manage.py", "receive_webhooks", "--port", str(port)),
            environment=environment(DATABASE_URL=database_url()),
            stdout=subprocess.PIPE,
            stderr=log,
        )
    with program.stdout as said:
        assert said.readline().startswith("Listening for webhooks on ")
        yield f"http://127.0.0.1:{port}/"
        program.terminate()
        said.read()
    program.wait(PROGRAM_DEADLINE_S)


def post(url: str, secret: str) -> int:
    body = b'{"id": "1"}'
    headers = sign(
        message_id="1", event_type="", timestamp=int(time.time()), body=body, secrets=[secret]
    )
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_goes_on_after_more_deliveries_than_the_pool_has_connections(owner, receiver):
    secret = config_of(owner).secret

    assert [post(receiver, secret) for _ in range(40)] == [204] * 40


def test_what_another_installation_signed_is_refused(owner, receiver):
    assert post(receiver, "whsec_AAAA") == 401
