"""What a drain does with what is due, over real receivers."""

from datetime import timedelta

import pytest
from aiosmtpd.smtp import AuthResult
from standardwebhooks import Webhook
from svix.webhooks import Webhook as SvixWebhook

from notifications.models import Attempt, WebhookConfig
from tests.support.factories import NOW, make_queued_email, make_queued_send, make_task
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hook(http_receiver) -> str:
    return f"{http_receiver.url}/hook"


def test_a_webhook_arrives_signed_and_is_recorded(owner, http_receiver, hook):
    send = make_queued_send(owner, recipient=hook, body='{"id": "1"}', headers={"X-Token": "abc"})

    deliver()

    [request] = http_receiver.requests
    secret = WebhookConfig.objects.get(user=owner).secret
    assert (request.method, request.path, request.body) == ("POST", "/hook", b'{"id": "1"}')
    assert request.headers["x-token"] == "abc"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == str(send.pk)
    for library in (Webhook, SvixWebhook):
        library(secret).verify(request.body, request.headers)
    send.refresh_from_db()
    assert (send.status, send.error_message, send.next_attempt_at) == ("sent", None, None)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.status, attempt.response_status) == (1, "succeeded", 204)


def test_the_record_holds_no_secret_header(owner, hook):
    make_queued_send(owner, recipient=hook, headers={"X-Token": "very-secret"})

    deliver()

    assert "very-secret" not in str(Attempt.objects.values())


def test_what_the_receiver_said_is_kept(owner, http_receiver, hook):
    http_receiver.answers = [HTTPAnswer(500, b"no room\0 left" + b"x" * 9000, {"X-Why": "disk"})]
    send = make_queued_send(owner, recipient=hook)

    deliver()

    attempt = Attempt.objects.get()
    assert attempt.response_status == 500
    assert attempt.response_headers["x-why"] == "disk"
    assert attempt.response_body.startswith("no room\ufffd left")
    assert len(str(attempt.response_body)) == 4096
    assert attempt.error_message == "The receiver answered 500 Internal Server Error."
    send.refresh_from_db()
    assert (send.status, send.error_message) == ("retrying", attempt.error_message)
    assert send.next_attempt_at
    wait = send.next_attempt_at - attempt.started_at
    assert timedelta(seconds=4.5) <= wait <= timedelta(seconds=6.5)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        pytest.param(HTTPAnswer(200), "sent", None, id="200"),
        pytest.param(HTTPAnswer(299), "sent", None, id="any 2xx"),
        pytest.param(
            HTTPAnswer(302, headers={"Location": "/other"}),
            "retrying",
            "The receiver answered 302 Found; redirects are not followed, use the final address.",
            id="redirect",
        ),
        pytest.param(HTTPAnswer(404), "retrying", "The receiver answered 404 Not Found.", id="404"),
        pytest.param(
            HTTPAnswer(410),
            "failed",
            "The receiver answered 410 Gone: it wants no more webhooks.",
            id="410",
        ),
        pytest.param(
            HTTPAnswer(429), "retrying", "The receiver answered 429 Too Many Requests.", id="429"
        ),
        pytest.param(
            HTTPAnswer(503), "retrying", "The receiver answered 503 Service Unavailable.", id="503"
        ),
    ],
)
def test_an_answer_decides_what_becomes_of_the_send(
    owner, http_receiver, hook, answer, status, error
):
    http_receiver.answers = [answer]
    send = make_queued_send(owner, recipient=hook)

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == (status, error)
    assert len(http_receiver.requests) == 1


@pytest.mark.parametrize(
    ("value", "least_s"),
    [("120", 120), ("Wed, 04 Mar 2026 09:02:10 GMT", 119), ("999999", 24 * 3600)],
    ids=["seconds", "HTTP date", "capped at a day"],
)
def test_retry_after_is_honoured(owner, http_receiver, hook, value, least_s, time_machine):
    time_machine.move_to(NOW, tick=True)
    http_receiver.answers = [HTTPAnswer(429, headers={"Retry-After": value})]
    send = make_queued_send(owner, recipient=hook)

    deliver()

    send.refresh_from_db()
    assert send.next_attempt_at
    wait = send.next_attempt_at - NOW
    assert timedelta(seconds=least_s) <= wait <= timedelta(seconds=least_s + 5)


def test_a_refused_connection_is_told_in_words(owner, settings, loopback_allowed):
    send = make_queued_send(owner, recipient="http://127.0.0.1:1/hook")
    settings.TORALE_OUTBOUND_PORTS = (range(1, 65536),)

    deliver()

    send.refresh_from_db()
    assert send.status == "retrying"
    assert send.error_message == "The connection to 127.0.0.1:1 was refused."


def test_an_address_inside_fails_without_telling_what_is_there(
    owner, hook, settings, http_receiver
):
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = ()
    send = make_queued_send(owner, recipient=hook)

    deliver()

    send.refresh_from_db()
    assert send.status == "failed"
    assert send.error_message == (
        "127.0.0.1 is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
    )
    assert http_receiver.requests == []


def test_emails_of_a_batch_share_a_connection(owner, smtp_receiver):
    for number in range(5):
        make_queued_email(owner, recipient=f"reader{number}@example.com")

    deliver()

    assert len(smtp_receiver.messages) == 5
    assert smtp_receiver.connections == 1


def test_each_recipients_reply_decides_for_itself(owner, smtp_receiver):
    smtp_receiver.replies = {
        "full@example.com": "452 mailbox full",
        "gone@example.com": "550 no such user",
    }
    sends = [
        make_queued_email(owner, recipient=recipient)
        for recipient in ("full@example.com", "gone@example.com", "fine@example.com")
    ]

    deliver()

    for send in sends:
        send.refresh_from_db()
    assert [(send.status, send.error_message) for send in sends] == [
        ("retrying", "The mail server answered 452 mailbox full"),
        ("failed", "The mail server answered 550 no such user"),
        ("sent", None),
    ]
    assert [message["To"] for message in smtp_receiver.messages] == ["fine@example.com"]


def test_a_mail_server_that_is_away_is_tried_again(owner, smtp_receiver, settings):
    settings.EMAIL_PORT = 1
    send = make_queued_email(owner)

    deliver()

    send.refresh_from_db()
    assert send.status == "retrying"
    assert send.error_message.startswith("The mail server could not be used: ")


def test_a_login_that_the_mail_server_refuses_is_tried_again(owner, smtp_receiver, settings):
    smtp_receiver.controller.SMTP_kwargs |= {
        "authenticator": lambda *_: AuthResult(success=False, handled=False),
        "auth_require_tls": False,
    }
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "olive", "wrong"
    send = make_queued_email(owner)

    deliver()

    send.refresh_from_db()
    assert send.status == "retrying"
    assert send.error_message.startswith("The mail server refuses the login in EMAIL_URL: 535 ")


def test_a_payload_that_breaks_us_ends_as_a_record(owner, smtp_receiver, caplog):
    send = make_queued_email(owner, body="not json")

    deliver()

    send.refresh_from_db()
    assert send.status == "retrying"
    assert send.error_message == (
        "Something went wrong on our side; the details are in the server's log."
    )
    assert "email_broke" in caplog.text


def test_a_send_whose_task_is_gone_is_still_delivered(owner, http_receiver, hook):
    task = make_task(owner)
    make_queued_send(owner, task=task, recipient=hook)
    task.delete()

    deliver()

    assert len(http_receiver.requests) == 1
