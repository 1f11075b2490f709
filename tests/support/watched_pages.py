"""Ask a question as an execution does, and build the watched server's answers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from executions.monitors import Answer, Question
from executions.pages.finding import Finding
from executions.pages.page import Page
from executions.pages.page_text import PageTexts
from executions.pages.rule import Selector
from executions.pages.selected import amount_at, selected
from tests.support import asking
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer
from torale.outbound.url_check import networks_of

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


def html(text: str, title: str = "The shop") -> HTTPAnswer:
    body = f"<title>{title}</title><p>{text}</p>"
    return HTTPAnswer(status=200, body=body.encode(), headers=HTML)


def ask(
    query: str,
    condition: str,
    state: dict[str, Any] | None = None,
    texts: Mapping[str, bytes] | None = None,
    *,
    at: datetime = NOW,
) -> Answer:
    question = Question(
        search_query=query,
        condition_description=condition,
        last_known_state=state,
        texts=texts or {},
        networks=networks_of(email="owner@example.com", is_staff=False),
        asked_at=at,
    )
    return asking.ask(question)


def select_number(page: Page, kind: str, selector: str) -> tuple[Decimal, str] | None:
    """Return the first number that a selector finds and the text that contains it, or None."""
    found = selected(page, Selector(kind, selector), only_first=True)
    read = amount_at(found[0], page) if found else None
    return None if read is None else (read[0].number, read[1])


def texts_of(finding: Finding) -> PageTexts:
    """Return what a finding has to remember of its page's text."""
    assert finding.text is not None
    return PageTexts.unpack(finding.text)
