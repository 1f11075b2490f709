"""What operators do with many tasks at once. A task that is refused does not stop the others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from executions.monitors import BadQuestion
from tasks.lifecycle import update_task
from tasks.models import State, Task
from tasks.run import start
from torale.errors import DomainError


@dataclass(frozen=True)
class Operated:
    """What became of some tasks."""

    done: list[Task] = field(default_factory=list)
    #: The tasks that were left as they are, and why.
    refused: list[tuple[Task, str]] = field(default_factory=list)


def run_all(*, tasks: Iterable[Task], now: datetime) -> Operated:
    """Start an execution of each of `tasks`, unless one is under way."""
    return _each(tasks, lambda task: start(task=task, now=now))


def move_all(*, tasks: Iterable[Task], state: State, now: datetime) -> Operated:
    """Change each of `tasks` to `state`, as its owner could; refuse those already in it."""

    def move(task: Task) -> None:
        if task.state == state:
            raise DomainError(f"It is {state} already.")
        update_task(task=task, fields={"state": state}, now=now)

    return _each(tasks, move)


def _each(tasks: Iterable[Task], do: Callable[[Task], object]) -> Operated:
    operated = Operated()
    for task in tasks:
        try:
            with transaction.atomic():
                do(task)
        except (DomainError, BadQuestion, Task.DoesNotExist) as error:
            operated.refused.append((task, str(error) or "It has been deleted."))
        else:
            operated.done.append(task)
    return operated
