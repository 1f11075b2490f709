"""Reports of a provider about mail that is not ours."""

import base64

import pytest

from notifications.models import Attempt, EmailSuppression
from tests.support.factories import NOW, make_send
from tests.support.urls_with_email_provider import SETTINGS

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.urls_with_email_provider")]


def test_a_report_without_a_message_id_is_about_no_send(owner, client, settings):
    settings.ANYMAIL = SETTINGS
    webhook = make_send(owner)
    email = make_send(owner, notification_type="email", recipient="reader@example.com")
    for send in (webhook, email):
        Attempt.objects.create(
            send=send, number=1, started_at=NOW, duration_ms=5, status="succeeded"
        )

    response = client.post(
        "/anymail/postmark/tracking/",
        {"RecordType": "Bounce", "Type": "HardBounce", "Email": "somebody@example.com"},
        content_type="application/json",
        headers={"Authorization": f"Basic {base64.b64encode(b'user:password').decode()}"},
    )

    assert response.status_code == 200
    for send in (webhook, email):
        send.refresh_from_db()
        assert send.status == "sent"
    assert not EmailSuppression.objects.exists()
