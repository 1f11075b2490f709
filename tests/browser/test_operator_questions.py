"""An operator's five questions, each answered in at most three clicks from the admin's home page.

The operator is an ordinary user with the role. The table "Five questions" in docs/admin.md has
the clicks.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.functions import TruncDate
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from notifications.models import Attempt, NotificationSend, WebhookEndpoint
from tasks.models import State
from tests.support.browsers import needs_chromium
from tests.support.factories import NOW, make_endpoint, make_execution, make_send, make_task
from tests.support.roles import user_of_role

pytestmark = [needs_chromium, pytest.mark.django_db(transaction=True)]

#: Three hours after nine o'clock.
NOON = NOW + timedelta(hours=3)
READER = "reader@example.com"
SENDS = reverse("admin:notifications_notificationsend_changelist")


class Clicks:
    """A person at the admin's home page, whose clicks are counted."""

    MOST = 3

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def on(self, target: Locator) -> None:
        """Click on something."""
        target.click()
        self._count()

    def enter(self, words: str, field: Locator) -> None:
        """Type words into a field and press Enter, which counts like a click."""
        field.fill(words)
        field.press("Enter")
        self._count()

    def _count(self) -> None:
        self.page.wait_for_load_state()
        self.count += 1
        assert self.count <= self.MOST


@pytest.fixture
def at_noon(time_machine) -> None:
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def clicks(at_noon, open_page) -> Callable[[], Clicks]:
    """Return a function that opens the home page for an operator; call it after storing rows."""
    return lambda: Clicks(open_page(reverse("admin:index"), by=user_of_role("operator")))


def listed(page: Page) -> set[str]:
    """Return the ids of the sends that a list shows."""
    rows = page.locator("#result_list tbody [name=_selected_action]")
    expect(rows.first).to_be_attached()
    return {row.get_attribute("value") or "" for row in rows.all()}


def ids_of(sends) -> set[str]:
    return {str(pk) for pk in sends.values_list("pk", flat=True)}


def test_was_this_address_told_about_that_task_yesterday(clicks, owner, stranger):
    bread, shoes = make_task(owner, name="Bread"), make_task(stranger, name="Shoes")
    yesterday = NOON - timedelta(days=1)
    for task in (bread, shoes):
        for at in (NOON, yesterday, yesterday - timedelta(days=1)):
            for recipient in (READER, "other@example.com"):
                make_send(
                    task.user,
                    task=task,
                    created_at=at,
                    notification_type="email",
                    recipient=recipient,
                )
    clicks = clicks()
    page = clicks.page

    page.get_by_label("Find", exact=True).fill(READER)
    clicks.on(page.get_by_role("search").get_by_role("button", name="Sends"))
    clicks.on(page.get_by_role("link", name="Yesterday"))

    told = NotificationSend.objects.filter(recipient=READER, created_at=yesterday)
    assert listed(page) == ids_of(told)
    row = page.get_by_role("row").filter(has_text="Bread")
    expect(row).to_contain_text("2026-03-03 12:00:10")
    expect(row).to_contain_text("Sent")
    # Its page has the whole story.
    clicks.on(row.get_by_role("link", name="2026-03-03"))
    expect(page.get_by_role("heading", name=f"email to {READER}")).to_be_visible()
    assert str(told.get(task_id=bread.pk).pk) in page.url


def test_which_webhooks_fail_and_what_do_they_answer(clicks, owner, stranger):
    make_send(owner, recipient="https://works.example/hook")
    for user in (owner, stranger):
        send = make_send(user, recipient="https://down.example/hook", status="failed")
        make_endpoint(user, url=send.recipient, failing_since=NOW)
        Attempt.objects.create(
            send=send,
            number=1,
            started_at=NOW,
            duration_ms=40,
            status="failed",
            error_message="The receiver answered 503.",
            response_status=503,
            response_body=f"Down for {user.first_name}",
        )
    clicks = clicks()
    page = clicks.page

    hosts = page.get_by_role("row").filter(has_text="down.example")
    expect(hosts).to_contain_text("The receiver answered 503.")
    expect(hosts).to_contain_text("Down for Olive")
    clicks.on(page.get_by_role("link", name="All failing webhooks"))

    failing = WebhookEndpoint.objects.failing().values_list("pk", flat=True)
    assert listed(page) == {str(pk) for pk in failing}
    row = page.get_by_role("row").filter(has_text=stranger.email)
    clicks.on(row.get_by_role("link", name="The receiver answered 503."))
    answer = Attempt.objects.get(send__user=stranger).response_body
    expect(page.get_by_text(answer)).to_be_visible()


def test_redeliver_what_failed_since_nine(clicks, owner):
    nine = NOW.replace(second=0)
    make_send(owner, status="failed", created_at=nine - timedelta(seconds=1))
    make_send(owner, created_at=nine)
    wanted = [make_send(owner, status="failed", created_at=at) for at in (nine, NOW, NOON)]
    clicks = clicks()
    page = clicks.page

    clicks.enter("9:00", page.get_by_label("Sends that failed since"))
    clicks.on(page.get_by_role("button", name="Deliver all 3 again"))
    clicks.on(page.get_by_role("button", name="Yes, do it"))

    expect(page.get_by_text("Queued 3 of 3 sends.")).to_be_visible()
    ids = {str(send.pk) for send in wanted}
    assert ids_of(NotificationSend.objects.unfinished()) == ids
    logged = LogEntry.objects.filter(user__email="operator@example.com")
    assert {*logged.values_list("object_id", flat=True)} == ids


def test_sends_a_day_success_rate_and_p95(clicks, owner):
    for days, status, seconds in [
        *[(2, "sent", 1)] * 6,
        *[(3, "sent", 30)] * 4,
        (3, "failed", None),
    ]:
        created = NOON - timedelta(days=days)
        sent = None if seconds is None else created + timedelta(seconds=seconds)
        make_send(owner, created_at=created, status=status, sent_at=sent)
    clicks = clicks()
    page = clicks.page

    clicks.on(page.get_by_role("link", name="7d"))
    clicks.on(page.get_by_text("The numbers as a table"))

    sends = NotificationSend.objects.annotate(day=TruncDate("created_at"))
    for day in {*sends.values_list("day", flat=True)}:
        row = page.get_by_role("row").filter(has_text=f"{day:%A} {day.day} {day:%b}")
        expect(row.get_by_role("cell").last).to_have_text(str(sends.filter(day=day).count()))
    accepted = sends.filter(status="sent")
    rate = page.get_by_role("link", name="Success rate").get_by_role("strong")
    expect(rate).to_have_text(f"{100 * accepted.count() / sends.count():.1f}%")
    slowest = max(send.sent_at - send.created_at for send in accepted if send.sent_at)
    p95 = page.get_by_role("link", name="Time to accepted, p95").get_by_role("strong").inner_text()
    assert float(p95.removesuffix(" s")) == pytest.approx(slowest.total_seconds(), rel=0.05)


def test_pause_a_users_task(clicks, owner, stranger):
    theirs = make_task(stranger, name="Is the bread back?")
    wanted = make_task(owner, name="Is the bread back?")
    make_execution(wanted)
    clicks = clicks()
    page = clicks.page

    page.get_by_label("Find", exact=True).fill(owner.email)
    clicks.on(page.get_by_role("search").get_by_role("button", name="Tasks"))
    clicks.on(page.get_by_role("link", name="Is the bread back?"))
    clicks.on(page.get_by_role("button", name="Pause"))

    expect(page.get_by_text("Paused 1 of 1 tasks.")).to_be_visible()
    wanted.refresh_from_db()
    theirs.refresh_from_db()
    assert (wanted.state, theirs.state) == (State.PAUSED, State.ACTIVE)
    [entry] = LogEntry.objects.all()
    assert (entry.object_id, entry.get_change_message()) == (str(wanted.pk), "Paused.")
