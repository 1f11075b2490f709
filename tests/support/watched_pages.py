"""Ask a question as an execution does, and build the watched server's answers."""

import asyncio
from datetime import datetime
from typing import Any

from executions import monitors
from executions.monitors import Answer, Question
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer
from torale.url_check import networks_of

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


def html(text: str, title: str = "The shop") -> HTTPAnswer:
    body = f"<title>{title}</title><p>{text}</p>"
    return HTTPAnswer(status=200, body=body.encode(), headers=HTML)


def ask(
    query: str, condition: str, state: dict[str, Any] | None = None, *, at: datetime = NOW
) -> Answer:
    question = Question(
        search_query=query,
        condition_description=condition,
        last_known_state=state,
        networks=networks_of(email="owner@example.com", is_staff=False),
        asked_at=at,
    )
    return asyncio.run(monitors.ask(question))
