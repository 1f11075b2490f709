"""One row that cannot be sent or recorded holds up nothing else, and does not go round for ever."""

import socketserver
import threading

import pytest
from cryptography.fernet import Fernet

from notifications.eligibility import MOST_ATTEMPTS_OF_A_SEND
from notifications.models import (
    Attempt,
    Lease,
    NotificationSend,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
    new_secret,
)
from notifications.operator_errors import UNDECRYPTABLE
from notifications.redeliver import NotDeliverable, redeliver_all, redeliver_one
from tests.support.factories import (
    NOW,
    make_queued_email,
    make_queued_send,
    make_send,
    make_undecryptable,
    refused_rows,
)
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)

OUR_FAULT = "Something went wrong on our side; the details are in the server's log."
#: The largest number of attempts that the column holds.
SMALLINT = 32_767


@pytest.fixture
def other(owner, http_receiver):
    return make_queued_send(owner, recipient=f"{http_receiver.url}/other")


def states(*sends) -> list[tuple[str, str | None]]:
    for send in sends:
        send.refresh_from_db()
    return [(send.status, send.error_message) for send in sends]


@pytest.fixture
def talkative_server(settings):
    """Serve something that is not SMTP where the mail server should be."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.request.recv(100)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        yield
        server.shutdown()
        thread.join()


def test_a_mail_server_that_does_not_speak_smtp(owner, other, talkative_server):
    mail = make_queued_email(owner)

    deliver()

    assert states(mail, other) == [
        ("retrying", "The mail server's answer is not SMTP."),
        ("sent", None),
    ]


def test_mail_settings_that_are_incomplete(owner, other, settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    mail = make_queued_email(owner)

    deliver()

    assert states(mail, other) == [("retrying", OUR_FAULT), ("sent", None)]


def test_headers_that_cannot_be_decrypted(owner, other, http_receiver):
    bad = make_queued_send(owner, recipient=f"{http_receiver.url}/bad", headers={"X-Token": "abc"})
    make_undecryptable(Payload.objects.get(send=bad), "headers")

    deliver()

    assert states(bad, other) == [("retrying", UNDECRYPTABLE), ("sent", None)]
    assert Attempt.objects.get(send=bad).error_message == UNDECRYPTABLE
    assert [request.path for request in http_receiver.requests] == ["/other"]


def test_headers_whose_key_is_back_are_sent(owner, http_receiver, settings):
    settings.TORALE_FIELD_KEYS = [Fernet.generate_key().decode(), *settings.TORALE_FIELD_KEYS]
    send = make_queued_send(owner, recipient=http_receiver.url, headers={"X-Token": "abc"})
    lost = settings.TORALE_FIELD_KEYS
    settings.TORALE_FIELD_KEYS = lost[1:]
    WebhookConfig.objects.update(secret=new_secret(), retired_secrets=[])
    deliver()
    seen = states(send)

    settings.TORALE_FIELD_KEYS = lost
    NotificationSend.objects.update(next_attempt_at=NOW)
    deliver()

    assert (seen, states(send)) == ([("retrying", UNDECRYPTABLE)], [("sent", None)])
    assert http_receiver.requests[0].headers["x-token"] == "abc"


def test_old_secrets_of_another_shape(owner, stranger, http_receiver):
    bad = make_queued_send(owner, recipient=f"{http_receiver.url}/bad")
    WebhookConfig.objects.filter(user=owner).update(retired_secrets="not a list")
    other = make_queued_send(stranger, recipient=f"{http_receiver.url}/other")

    deliver()

    assert [status for status, _ in states(bad, other)] == ["retrying", "sent"]


def test_a_webhook_that_cannot_be_switched_off(owner, stranger, http_receiver):
    http_receiver.answers = [HTTPAnswer(410)]
    bad = make_queued_send(owner, recipient=f"{http_receiver.url}/bad")
    other = make_queued_send(stranger, recipient=f"{http_receiver.url}/other")

    with refused_rows(
        "notifications_notificationsend",
        "NEW.event_type = 'webhook.switched_off' AND NEW.user_id::text = %s",
        str(owner.pk),
    ):
        deliver()

    assert [status for status, _ in states(bad, other)] == ["failed", "failed"]
    off = WebhookEndpoint.objects.switched_off().values_list("user", flat=True)
    assert [*off] == [stranger.pk]


def test_an_outcome_that_the_database_cannot_keep(owner, other, http_receiver):
    bad = make_queued_send(
        owner,
        recipient=f"{http_receiver.url}/bad",
        attempt_count=SMALLINT,
        earlier_attempt_count=SMALLINT,
    )

    def other_is_recorded() -> bool:
        other.refresh_from_db()
        return bool(other.attempt_count)

    deliver(until=other_is_recorded)

    assert states(other) == [("sent", None)]
    assert Lease.objects.get().send == bad  # until it runs out


def test_a_send_is_not_redelivered_without_end(owner):
    send = make_send(owner, status="failed", attempt_count=MOST_ATTEMPTS_OF_A_SEND)

    with pytest.raises(NotDeliverable, match="attempted 1000 times"):
        redeliver_one(send=send, now=NOW)
    assert redeliver_all(sends=type(send).objects.all(), now=NOW) == 0


def test_many_sends_whose_payload_is_gone(owner, http_receiver):
    gone = [make_queued_send(owner, recipient=f"{http_receiver.url}/gone") for _ in range(110)]
    Payload.objects.all().delete()
    last = make_queued_send(owner, recipient=f"{http_receiver.url}/last")

    deliver()

    assert states(last) == [("sent", None)]
    assert {*states(*gone)} == {
        ("failed", "What it carried is no longer kept (see TORALE_RETENTION_DAYS).")
    }
