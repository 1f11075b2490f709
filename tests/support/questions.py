"""Questions in plain words that are asked by the API, of a model that may be slow to answer."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from executions.models import Execution
from executions.spending import Spending
from tests.support.answered_questions import AnsweredQuestions, reply_to
from tests.support.scripted_model import Body, Reply

#: What one visit reserves: TORALE_AGENT_TOKENS, as the price of the model is not known.
RESERVED = 60_000
#: What a visit takes that goes as usual.
SPENT = 600


class Stalling:
    """A model that says nothing to the first request for one of its tools, until it is released."""

    def __init__(self, answered: AnsweredQuestions, tool: str) -> None:
        self._tool = tool
        self._lock = threading.Lock()
        self._is_first = True
        #: Set when the request has come in.
        self.asked = threading.Event()
        self.release = threading.Event()
        answered.model.judge = self.reply_to

    def reply_to(self, body: Body) -> Reply:
        reply = reply_to(body)
        if reply.tools[0][0] != self._tool:
            return reply
        with self._lock:
            is_first, self._is_first = self._is_first, False
        if not is_first:
            return reply
        self.asked.set()
        return Reply(tools=reply.tools, stall=self.release)


@pytest.fixture
def stalling(answered_questions) -> Iterator[Callable[[str], Stalling]]:
    """Return what makes the model say nothing to its first request for a tool."""
    made: list[Stalling] = []

    def stall(tool: str) -> Stalling:
        made.append(Stalling(answered_questions, tool))
        return made[-1]

    yield stall
    for each in made:
        each.release.set()


@pytest.fixture
def execute(owner_client) -> Callable[..., Execution]:
    """Return what has a task's question asked, with parameters of the API."""

    def execute(task_id: object, **parameters: str) -> Execution:
        path = f"/api/v1/tasks/{task_id}/execute"
        executed = owner_client.post(path, query_params=parameters)
        assert executed.status_code == 200, executed.json()
        execution: Execution = Execution.objects.get(pk=executed.json()["id"])
        return execution

    return execute


@pytest.fixture
def ask(
    owner_client, execute, answered_questions, loopback_allowed, http_receiver
) -> Callable[[str], Execution]:
    """Return what creates a task with a question, and has it asked."""

    def ask(question: str) -> Execution:
        hook = {"type": "webhook", "url": f"{http_receiver.url}/hook"}
        body: dict[str, Any] = {"search_query": question, "notifications": [hook]}
        created = owner_client.post("/api/v1/tasks", body, format="json").json()
        asked: Execution = execute(created["id"])
        return asked

    return ask


def is_in(execution: Execution, status: str) -> bool:
    """Return whether the stored execution has this status."""
    return Execution.objects.filter(pk=execution.pk, status=status).exists()


def told() -> list[Execution]:
    """Return the executions that have told people something."""
    return [*Execution.objects.filter(notification__isnull=False)]


def booked() -> tuple[int, int]:
    """Return what is booked for the only user who has spent anything: tokens, and visits."""
    row = Spending.objects.get()
    return row.unpriced_tokens, row.run_count
