"""The fate of a task whose page fails and comes back: when it is visited, and what is told.

Each scene is played with real parts and the time moved from one due visit to the next. The table
lists the visits by the time since the page began to fail, with how many times each asked, and what
was recorded to be told. Run it with `-s` to see the tables.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from textwrap import dedent

import pytest

from executions.models import Execution
from executions.pages.page import READING
from notifications.models import NotificationSend
from tasks.models import Task
from tasks.schedule import start_due
from tests.support.factories import NOW, make_task
from tests.support.receivers import HTTPAnswer
from tests.support.run_visits import visit

pytestmark = pytest.mark.django_db(transaction=True)

SOLD_OUT = HTTPAnswer(200, b"Sold out", {"Content-Type": "text/plain"})
IN_STOCK = HTTPAnswer(200, b"In stock", {"Content-Type": "text/plain"})
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Scene:
    """A task, the page that it watches, and the time."""

    def __init__(self, task, http_receiver, time_machine) -> None:
        self.task = task
        self.page = http_receiver
        self.clock = time_machine
        self.now = NOW
        self.seen = 0
        self.lines: list[str] = []

    def play(self, answers: Callable[[timedelta], HTTPAnswer], *, until: timedelta) -> str:
        """Visit whenever a visit is due, until some time after NOW; return the table."""
        self.page.judge = lambda _: answers(self.now - NOW)
        while (due := self.next_due()) <= NOW + until:
            self.now = max(self.now, due)
            self.clock.move_to(self.now, tick=False)
            start_due(now=self.now)
            execution = Execution.objects.open().get()
            visit()
            execution.refresh_from_db()
            self.note(execution)
        print("\n".join(self.lines))
        return "\n".join(self.lines)

    def next_due(self):
        open_ = Execution.objects.open().first()
        if open_ and open_.next_attempt_at:
            return open_.next_attempt_at
        return Task.objects.get(pk=self.task.pk).next_run_at

    def note(self, execution: Execution) -> None:
        """Add a line once a visit has ended."""
        if execution.status == "retrying":
            return
        sends = NotificationSend.objects.order_by("pk")
        told = [send.event_type for send in sends[self.seen :]]
        self.seen += len(told)
        since = int((execution.created_at - NOW).total_seconds())
        at = f"{since // 3600:02}:{since // 60 % 60:02}:{since % 60:02}"
        line = f"{at} {execution.status:7} x{execution.attempt_count} {' '.join(told)}"
        self.lines.append(line.rstrip())


@pytest.fixture
def scene(owner, http_receiver, time_machine, monkeypatch):
    """A task that is visited every 15 minutes and whose page fails from NOW on."""
    monkeypatch.setattr(random, "random", lambda: 0.5)  # no jitter, so that the table has one form
    url = f"{http_receiver.url}/product"
    remembered = {
        "rule": 'contains "In stock"',
        "pages": {url: {"reading": READING, "holds": False}},
    }
    task = make_task(
        owner, search_query=url, last_known_state=remembered, notification_email=owner.email
    )
    return Scene(task, http_receiver, time_machine)


def table(text: str) -> str:
    return dedent(text).strip("\n")


@pytest.mark.parametrize("status", [403, 404])
def test_a_page_that_is_refused_for_three_hours(scene, status):
    """It is visited as often as ever, and tells its news at the first visit that sees it."""

    def answers(since: timedelta) -> HTTPAnswer:
        return HTTPAnswer(status) if since < 3 * HOUR else IN_STOCK

    played = scene.play(answers, until=3.5 * HOUR)

    assert played == table(
        """
        00:00:00 failed  x1
        00:01:00 failed  x1
        00:03:00 failed  x1
        00:07:00 failed  x1
        00:15:00 failed  x1
        00:30:00 failed  x1
        00:45:00 failed  x1
        01:00:00 failed  x1 task.failing
        01:15:00 failed  x1
        01:30:00 failed  x1
        01:45:00 failed  x1
        02:00:00 failed  x1
        02:15:00 failed  x1
        02:30:00 failed  x1
        02:45:00 failed  x1
        03:00:00 success x1 task.condition_met task.recovered
        03:15:00 success x1
        03:30:00 success x1
        """
    )


def test_a_task_with_a_long_interval_is_tried_hourly(scene, settings):
    settings.TORALE_PAGE_INTERVAL_MINUTES = 24 * 60

    def answers(since: timedelta) -> HTTPAnswer:
        return HTTPAnswer(404) if since < 5 * HOUR else SOLD_OUT

    played = scene.play(answers, until=48 * HOUR)

    assert played == table(
        """
        00:00:00 failed  x1
        00:01:00 failed  x1
        00:03:00 failed  x1
        00:07:00 failed  x1
        00:15:00 failed  x1
        00:31:00 failed  x1
        01:03:00 failed  x1 task.failing
        02:03:00 failed  x1
        03:03:00 failed  x1
        04:03:00 failed  x1
        05:03:00 success x1 task.recovered
        29:03:00 success x1
        """
    )


def test_five_minutes_of_503_tell_nothing_and_lose_nothing(scene):
    """A run asks four times within two minutes; the next run comes a minute later."""

    def answers(since: timedelta) -> HTTPAnswer:
        return HTTPAnswer(503) if since < 5 * MINUTE else IN_STOCK

    played = scene.play(answers, until=HOUR)

    assert played == table(
        """
        00:00:00 failed  x4
        00:03:10 success x4 task.condition_met
        00:20:20 success x1
        00:35:20 success x1
        00:50:20 success x1
        """
    )


def test_503_with_retry_after_is_left_alone_for_that_long(scene):
    def answers(since: timedelta) -> HTTPAnswer:
        busy = HTTPAnswer(503, headers={"Retry-After": "1800"})
        return busy if since < 20 * MINUTE else IN_STOCK

    played = scene.play(answers, until=HOUR)

    assert played == table(
        """
        00:00:00 failed  x1
        00:30:00 success x1 task.condition_met
        00:45:00 success x1
        01:00:00 success x1
        """
    )


def test_a_page_that_is_gone_is_visited_daily(scene):
    played = scene.play(lambda _: HTTPAnswer(410), until=75 * HOUR)

    assert played == table(
        """
        00:00:00 failed  x1
        24:00:00 failed  x1
        48:00:00 failed  x1 task.failing
        72:00:00 failed  x1
        """
    )


def test_a_host_without_an_address_and_its_mended_name(scene, owner_client):
    """The owner corrects the name after two hours: the task is visited at once."""
    url = scene.task.search_query
    Task.objects.update(search_query="http://no-such-host.invalid/product")
    scene.play(lambda _: IN_STOCK, until=2 * HOUR)
    scene.now = NOW + 2 * HOUR + 5 * MINUTE
    scene.clock.move_to(scene.now, tick=False)
    owner_client.patch(f"/api/v1/tasks/{scene.task.pk}", {"search_query": url}, format="json")

    played = scene.play(lambda _: IN_STOCK, until=2.5 * HOUR)

    assert played == table(
        """
        00:00:00 failed  x4
        00:03:10 failed  x4
        00:07:20 failed  x4
        00:13:30 failed  x4
        00:23:40 failed  x4
        00:40:50 failed  x4
        00:58:00 failed  x4 task.failing
        01:15:10 failed  x4
        01:32:20 failed  x4
        01:49:30 failed  x4
        02:05:00 success x1 task.condition_met task.recovered
        02:20:00 success x1
        """
    )
