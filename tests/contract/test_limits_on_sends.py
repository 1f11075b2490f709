"""The section "Limits on sends"."""

from datetime import timedelta

import pytest

from tests.support.api_calls import SENDS, email, new_task, tell, webhook
from tests.support.factories import NOW

pytestmark = pytest.mark.usefixtures("at_now")

DAY = "You have had {} notifications today (UTC), the most a user gets in a day."
HOUR = "This address has had {} emails this hour, the most it gets in an hour."


def sends(client) -> list[tuple[str, str | None]]:
    shown = client.get(SENDS, {"limit": 500}).json()["sends"]
    return [(send["status"], send["error_message"]) for send in reversed(shown)]


def test_a_hundred_notifications_a_user_a_day(owner_client, settings):
    """At most 100 notifications a user a day …beyond, the send is
    recorded as `skipped` with the reason."""
    settings.TORALE_EMAILS_PER_HOUR = 1000
    both = [*email("owner@example.com")["notifications"],
            *webhook("https://r.example/")["notifications"]]  # fmt: skip
    task = new_task(owner_client, notifications=both)

    for _ in range(51):
        tell(owner_client, task)

    skipped = ("skipped", DAY.format(100))
    assert sends(owner_client) == [*[("queued", None)] * 100, skipped, skipped]


def test_another_day_and_another_user_are_counted_anew(
    owner_client, stranger_client, settings, time_machine
):
    """a user a day …(settings)"""
    settings.TORALE_SENDS_PER_DAY = 1
    task = new_task(owner_client, **webhook("https://r.example/"))
    tell(owner_client, task)
    tell(owner_client, task)

    tell(stranger_client, new_task(stranger_client, **webhook("https://r.example/")))
    time_machine.move_to("2026-03-05T00:00:00Z", tick=False)
    tell(owner_client, task)

    assert sends(owner_client) == [
        ("queued", None),
        ("skipped", DAY.format(1)),
        ("queued", None),
    ]
    assert sends(stranger_client) == [("queued", None)]


def test_ten_an_hour_to_one_address(owner_client, time_machine):
    """10 an hour to one email address (settings): beyond, the send is
    recorded as `skipped` with the reason."""
    task = new_task(owner_client, **email("owner@example.com"))
    for _ in range(11):
        tell(owner_client, task)

    time_machine.move_to(NOW + timedelta(hours=1), tick=False)
    tell(owner_client, task)

    assert sends(owner_client) == [
        *[("queued", None)] * 10,
        ("skipped", HOUR.format(10)),
        ("queued", None),
    ]


def test_the_hours_limit_is_a_setting(owner_client, settings):
    """10 an hour to one email address (settings)"""
    settings.TORALE_EMAILS_PER_HOUR = 1
    for _ in range(2):
        tell(owner_client, new_task(owner_client, **email("owner@example.com")))

    assert sends(owner_client) == [("queued", None), ("skipped", HOUR.format(1))]


def test_the_hours_limit_does_not_apply_to_webhooks(owner_client):
    """The hour's limit does not apply to webhooks."""
    task = new_task(owner_client, **webhook("https://r.example/"))

    for _ in range(11):
        tell(owner_client, task)

    assert sends(owner_client) == [("queued", None)] * 11


def test_what_was_skipped_was_no_notification(owner_client, settings):
    """At most 100 notifications a user a day"""
    settings.TORALE_SENDS_PER_DAY, settings.TORALE_EMAILS_PER_HOUR = 2, 1
    mailed = new_task(owner_client, **email("owner@example.com"))
    posted = new_task(owner_client, **webhook("https://r.example/"))

    for task in (mailed, mailed, posted):
        tell(owner_client, task)

    assert sends(owner_client) == [
        ("queued", None),
        ("skipped", HOUR.format(1)),
        ("queued", None),
    ]
