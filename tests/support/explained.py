"""What tests of explanations ask of them."""

from executions.models import Execution
from notifications.models import NotificationSend
from notifications.why import Explanation, explain
from tasks.models import Task
from tasks.run import start
from tests.support.run_visits import visit
from torale import clock


def visited(task: Task, **options) -> Execution:
    """Visit a task as a worker does; return the execution."""
    execution = start(task=task, now=clock.now(), **options)
    visit()
    execution.refresh_from_db()
    return execution


def why(row: Task | Execution | NotificationSend) -> Explanation:
    """Return the explanation of a row by its id."""
    return explain(row.pk, now=clock.now())


def titles(explanation: Explanation, chapter: int) -> list[str]:
    """Return the titles of the decisions of one chapter."""
    return [decision.title for decision in explanation.chapters[chapter].decisions]


def sentence(explanation: Explanation, title: str) -> str:
    """Return the sentence of the one decision that has this title."""
    [found] = [each.sentence for each in explanation.decisions if each.title == title]
    return found
