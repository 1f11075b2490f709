"""The admin's home page: how Torale is doing, each figure with a link to what it counts."""

from typing import Any

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import User
from desk import cards, tables
from desk.chart import chart_of
from desk.links import created_within, list_of, may_view, sorted_by
from desk.periods import Period
from desk.receivers import failing_hosts
from desk.sends import MOST_COUNTED, send_figures
from desk.visits import failed_executions, next_tasks
from executions.models import Execution
from executions.spending import Spending, spending_status
from notifications.attention import reasons
from notifications.metrics import delivery_status
from notifications.models import NotificationSend, SendStatus, WebhookEndpoint
from tasks.metrics import visit_status
from tasks.models import State, Task
from torale import clock
from torale.processes import alive
from torale.queue import queue_status

#: The lists that the page's search box searches, by what their buttons say.
FOUND: dict[str, type[Model]] = {
    "Sends": NotificationSend,
    "Tasks": Task,
    "Webhooks": WebhookEndpoint,
    "Users": User,
}


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the home page, with the figures that the user may see.

    The theme calls it for the admin's index (DASHBOARD_CALLBACK).
    """
    now = clock.now()
    period = _period(request)
    shown: list[cards.Card] = []
    added: dict[str, Any] = {
        "title": "Home",
        "now": now,
        "cards": shown,
        "period": period,
        "periods": [*Period],
        "find_in": [
            {"title": title, "url": list_of(model)}
            for title, model in FOUND.items()
            if may_view(request, model)
        ],
    }
    delivery, visits = None, None
    if may_view(request, NotificationSend):
        figures, delivery = send_figures(period, now=now), delivery_status(now=now)
        shown += [*cards.of_period(figures, period), *cards.of_delivery(delivery, now=now)]
        chart = chart_of(figures)
        added |= {
            "chart": chart,
            "chart_table": tables.of_chart(chart),
            "failed_sends": {"url": list_of(NotificationSend), "status": SendStatus.FAILED.value},
        }
        if period is Period.DAY and not figures.is_by_hour:
            added["most_counted"] = f"{MOST_COUNTED:,}"
    if may_view(request, Task):
        visits = visit_status(now=now)
        shown += cards.of_visits(visits)
        in_turn = sorted_by(request, Task, "next_run_at")
        active = list_of(Task, state__exact=State.ACTIVE.value, **in_turn)
        added["tasks"] = tables.of_tasks(next_tasks(now=now))
        added["tasks_all"] = tables.link(active, "All active tasks")
    if settings.TORALE_MODEL and may_view(request, Spending):
        shown.append(cards.of_spending(spending_status(now=now)))
    if delivery and visits:
        queue = queue_status(now=now)
        processes = alive(now=now)
        added["needs"] = [
            *reasons(processes=processes, visits=visits, queue=queue, delivery=delivery)
        ]
    if may_view(request, WebhookEndpoint):
        # Answers belong to sends, so only those who may view sends see them.
        failing = failing_hosts(with_answers=delivery is not None)
        every = list_of(WebhookEndpoint, failing_since__isempty="0")
        added["hosts"] = tables.of_hosts(failing.hosts, with_answers=delivery is not None)
        added["has_more_hosts"] = failing.has_more
        added["hosts_all"] = tables.link(every, "All failing webhooks")
    if may_view(request, Execution):
        since = period.since(now)
        failures = failed_executions(since=since)
        added["failures"] = tables.of_failures(failures, created_within(since))
        added["failures_title"] = f"Failed executions, {period.value}"
    return context | added


def _period(request: HttpRequest) -> Period:
    """Return the period that the URL names; any other name stands for the shortest."""
    try:
        return Period(request.GET.get("period"))
    except ValueError:
        return Period.DAY
