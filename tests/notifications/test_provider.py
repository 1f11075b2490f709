"""An email provider instead of SMTP: Postmark's API, spoken by a receiver on loopback."""

import json

import pytest

from notifications.models import Attempt
from tests.support.factories import make_queued_email
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE_ID = "00000000-1111-2222-3333-444444444444"


@pytest.fixture
def send(owner, http_receiver, settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"{http_receiver.url}/",
    }
    return make_queued_email(owner)


def says(status: int, **answer) -> HTTPAnswer:
    body = json.dumps({"ErrorCode": 0, "To": "reader@example.com", **answer}).encode()
    return HTTPAnswer(status, body, {"Content-Type": "application/json"})


def test_the_providers_message_id_is_kept_for_its_reports(send, http_receiver):
    http_receiver.answers = [says(200, Message="OK", MessageID=MESSAGE_ID)]

    deliver()

    send.refresh_from_db()
    assert send.status == "sent"
    assert Attempt.objects.get().provider_message_id == MESSAGE_ID
    [request] = http_receiver.requests
    sent = json.loads(request.body)
    assert (sent["To"], sent["Subject"]) == ("reader@example.com", "In stock: Is it back?")


def test_a_recipient_that_the_provider_refuses_is_given_up(send, http_receiver):
    refusal = (
        "You tried to send to a recipient that has been marked as inactive.\n"
        "Found inactive addresses: reader@example.com.\n"
        "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
    )
    http_receiver.answers = [says(422, ErrorCode=406, Message=refusal)]

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == (
        "failed",
        "The mail provider refuses this recipient.",
    )


def test_an_answer_that_is_no_yes_is_tried_again(send, http_receiver):
    http_receiver.answers = [says(422, ErrorCode=406, Message="Something new.")]

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == (
        "retrying",
        "The mail provider does not say that it accepts the message.",
    )


def test_a_provider_that_is_down_is_tried_again(send, http_receiver):
    http_receiver.answers = [says(503, ErrorCode=100, Message="Maintenance")]

    deliver()

    send.refresh_from_db()
    assert send.status == "retrying"
    assert send.error_message.startswith("The mail provider did not accept the message: ")
