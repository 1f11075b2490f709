"""A site that answers 304 where it may, and a watch that visits it again and again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from executions.monitors import Answer, Question
from tests.support.asking import ask
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer, HTTPReceiver, Request
from tests.support.watched_pages import HTML, html
from torale.outbound.url_check import networks_of

#: The time between two visits.
QUARTER = timedelta(minutes=15)
CONDITIONAL = ("if-none-match", "if-modified-since")


@dataclass
class Site:
    """A page on a server that answers 304 where it may."""

    text: str = "Sold out"
    #: Of what it serves now; by default they follow the text.
    headers: dict[str, str] | None = None
    title: str = "The shop"

    def answer(self, request: Request) -> HTTPAnswer:
        page = html(self.text, self.title)
        headers = self.headers
        if headers is None:
            headers = {"ETag": f'"{hash(self.text)}"'}
        if request.headers.get("if-none-match") in headers.values():
            return HTTPAnswer(304, headers=headers)
        return replace(page, headers={**HTML, **headers})


@dataclass
class Watch:
    """A question that is asked again and again, as a task asks it."""

    query: str
    condition: str = 'contains "In stock"'
    request_headers: dict[str, str] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    texts: dict[str, bytes] = field(default_factory=dict)

    def question(self, *, after: timedelta, is_second_look: bool = False) -> Question:
        return Question(
            search_query=self.query,
            condition_description=self.condition,
            # As the database keeps it.
            last_known_state=json.loads(json.dumps(self.state)),
            texts=self.texts,
            is_second_look=is_second_look,
            networks=networks_of(email="owner@example.com", is_staff=False),
            request_headers=self.request_headers,
            asked_at=NOW + after,
        )

    def visit(self, *, after: timedelta = timedelta(0), is_second_look: bool = False) -> Answer:
        answer = self.look(after=after, is_second_look=is_second_look)
        self.state = answer.state
        self.keep(answer.texts)
        return answer

    def look(self, *, after: timedelta, is_second_look: bool = False) -> Answer:
        """Ask without learning from the answer, as from a tentative one; keep its first look."""
        answer = ask(self.question(after=after, is_second_look=is_second_look))
        self.keep(answer.first_look)
        return answer

    def keep(self, texts: Mapping[str, bytes | None]) -> None:
        self.texts.update({url: text for url, text in texts.items() if text})


def conditions(http_receiver: HTTPReceiver) -> list[dict[str, str]]:
    """Return the conditional headers of each request."""
    return [
        {name: value for name, value in request.headers.items() if name in CONDITIONAL}
        for request in http_receiver.requests
    ]


def is_conditional(http_receiver: HTTPReceiver) -> list[bool]:
    return [bool(each) for each in conditions(http_receiver)]


def sent(http_receiver: HTTPReceiver) -> list[tuple[Request, dict[str, str]]]:
    return list(zip(http_receiver.requests, conditions(http_receiver), strict=True))
