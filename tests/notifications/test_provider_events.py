"""What a provider reports back, posted as Postmark posts it."""

import base64

import pytest

from notifications.models import Attempt, EmailSuppression
from tests.support.factories import NOW, make_send
from tests.support.urls_with_email_provider import SETTINGS

URL = "/anymail/postmark/tracking/"
MESSAGE_ID = "00000000-1111-2222-3333-444444444444"

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.urls_with_email_provider")]


@pytest.fixture
def report(client, settings):
    """Return a function that posts one report as the provider does, and the answer's status."""
    settings.ANYMAIL = SETTINGS
    login = base64.b64encode(b"user:password").decode()

    def post(record_type: str, authorization=f"Basic {login}", **fields) -> int:
        body = {"RecordType": record_type, "MessageID": MESSAGE_ID, **fields}
        headers = {"Authorization": authorization}
        response = client.post(URL, body, content_type="application/json", headers=headers)
        return int(response.status_code)

    return post


@pytest.fixture
def send(owner):
    made = make_send(owner, notification_type="email", recipient="Reader@example.com")
    Attempt.objects.create(
        send=made,
        number=1,
        started_at=NOW,
        duration_ms=5,
        status="succeeded",
        provider_message_id=MESSAGE_ID,
    )
    return made


BOUNCE = {"Type": "HardBounce", "Email": "Reader@example.com", "Description": "No such mailbox."}


def test_a_delivered_mail_is_delivered(send, report):
    assert report("Delivery", Recipient="Reader@example.com") == 200

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("delivered", None)


def test_a_hard_bounce_stops_further_mail_to_that_address(send, report):
    report("Bounce", **BOUNCE)

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("bounced", "No such mailbox.")
    suppression = EmailSuppression.objects.get()
    assert (suppression.address, suppression.reason) == ("reader@example.com", "bounced")


def test_a_soft_bounce_does_not_stop_further_mail(send, report):
    report("Bounce", Type="SoftBounce", Email="Reader@example.com", Description="Mailbox full.")

    send.refresh_from_db()
    assert send.status == "bounced"
    assert not EmailSuppression.objects.exists()


def test_a_complaint_stops_further_mail(send, report):
    report("SpamComplaint", Type="SpamComplaint", Email="Reader@example.com")

    send.refresh_from_db()
    assert send.status == "complained"
    assert EmailSuppression.objects.get().reason == "complained"


def test_a_late_delivery_report_does_not_undo_a_bounce(send, report):
    report("Bounce", **BOUNCE)
    report("Delivery", Recipient="Reader@example.com")

    send.refresh_from_db()
    assert send.status == "bounced"


def test_a_report_about_mail_that_is_not_ours_changes_nothing(send, report):
    assert report("Bounce", **(BOUNCE | {"MessageID": "other"})) == 200

    send.refresh_from_db()
    assert send.status == "sent"
    assert not EmailSuppression.objects.exists()


def test_a_report_without_the_secret_is_refused(send, report):
    assert report("Bounce", authorization="Basic bm86bm8=", **BOUNCE) == 400

    send.refresh_from_db()
    assert send.status == "sent"
