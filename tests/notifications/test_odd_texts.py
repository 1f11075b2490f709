"""What pages and receivers may hold that our libraries refuse."""

import json
from datetime import timedelta

import pytest

from notifications.channels import Message
from notifications.channels.email.transport import compose
from tests.support.factories import EMAIL_BODY, NOW
from torale.retry_after import retry_after
from torale.uuid7 import uuid7


def test_control_characters_of_a_page_keep_no_mail_from_going_out():
    body = EMAIL_BODY | {"notification": "[Shop](https://shop.example/)\x0b in\x01 stock"}
    message = Message(
        send_id=str(uuid7()),
        claim=str(uuid7()),
        notification_type="email",
        recipient="reader@example.com",
        host="",
        body=json.dumps(body),
        event_type="",
        attempt=1,
    )

    assert "Shop (https://shop.example/) in stock" in compose(message).body


@pytest.mark.parametrize("value", ["9" * 5000, " 9999999999 "], ids=["5,000 digits", "centuries"])
def test_an_endless_retry_after_is_a_long_wait(value):
    assert retry_after(value, now=NOW) == timedelta(seconds=9_999_999_999)
