"""The tables of the home page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString

from desk.chart import Chart
from desk.links import list_of, page_of
from desk.receivers import Answer, FailingHost
from desk.visits import Failures
from executions.models import Execution
from notifications.models import NotificationSend, WebhookEndpoint
from tasks.models import Task


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, and rows of cells. Cells that are not SafeString are escaped."""

    headers: list[str]
    rows: list[list[str]]

    @property
    def labeled_rows(self) -> list[list[tuple[str, str]]]:
        """The rows, each cell with its heading."""
        return [[*zip(self.headers, row, strict=True)] for row in self.rows]


def of_chart(chart: Chart) -> Table:
    """Return the numbers that the chart shows."""
    return Table(
        headers=["Time (UTC)", *(key.part.status.label for key in chart.legend), "All"],
        rows=[
            [
                link(column.url, column.when),
                *(f"{count:,}" for count in counts),
                f"{column.total:,}",
            ]
            for column, counts in chart.rows
        ],
    )


def of_hosts(hosts: Iterable[FailingHost], *, with_answers: bool) -> Table:
    """Return the hosts, each with a link to its failing webhooks.

    Args:
        hosts: the hosts.
        with_answers: whether to show what they answered last, with links to the sends.
    """
    headers = ["Host", "Failing webhooks", "Since (UTC)"]
    rows: list[list[str]] = [
        [
            link(list_of(WebhookEndpoint, failing_since__isempty="0", q=host.name), host.name),
            f"{host.webhooks:,}",
            moment(host.since),
            *([answer_of(host.answer)] if with_answers else []),
        ]
        for host in hosts
    ]
    return Table([*headers, "What it answered last"] if with_answers else headers, rows)


def of_failures(failures: Iterable[Failures], within: dict[str, str]) -> Table:
    """Return the kinds of failures, each with a link to its executions.

    Args:
        failures: the kinds.
        within: the parameters of the list for the time in which they were counted.
    """
    return Table(
        headers=["Failure", "Executions"],
        rows=[
            [
                link(
                    list_of(Execution, failed=each.kind.value, **within),
                    each.kind.replace("_", " "),
                ),
                f"{each.count:,}{'+' if each.is_cut else ''}",
            ]
            for each in failures
        ],
    )


def of_tasks(tasks: Iterable[Task]) -> Table:
    """Return the tasks, with their owners and when they are visited."""
    return Table(
        headers=["Next visit (UTC)", "Task", "Owner"],
        rows=[
            [
                moment(task.next_run_at),
                link(page_of(Task, task.pk), task.name),
                cut(task.user.email),
            ]
            for task in tasks
        ],
    )


def answer_of(answer: Answer | None) -> SafeString | str:
    """Return what came of an attempt, with a link to the send."""
    if answer is None:
        return "-"
    return format_html(
        '{} <span class="text-subtle">{} UTC</span>{}',
        link(page_of(NotificationSend, answer.send_id), answer.error),
        moment(answer.at),
        format_html('<code class="desk-body">{}</code>', answer.body) if answer.body else "",
    )


def moment(at: datetime | None) -> SafeString:
    """Return a time, on one line."""
    return format_html('<time class="desk-time">{}</time>', localize(at))


def cut(text: str) -> SafeString:
    """Return a text that is cut off where it has no room; pointing at it shows all of it."""
    return format_html('<span class="desk-cut" title="{}">{}</span>', text, text)


def link(address: str, text: str) -> SafeString:
    """Return a link as it stands in a cell."""
    return format_html('<a class="desk-link" href="{}">{}</a>', address, text)
