"""What the agent decides about what a model has found, without a model."""

from datetime import timedelta
from typing import Any

from executions.monitors import Answer, Question
from executions.monitors.agent import decide
from executions.monitors.agent.finding import Finding, Plan, SecondOpinion
from executions.monitors.agent.limits import Limits
from executions.monitors.agent.memory import Looked, Memory, digest
from executions.monitors.agent.reading import PageRead
from tests.support import agent_visits
from tests.support.agent_visits import SAYS, URL
from tests.support.factories import NOW

LIMITS = Limits(confidence=80, soonest=timedelta(minutes=5), latest=timedelta(days=30))
PLAN = agent_visits.PLAN | {"value_kind": "date"}
FINDING = agent_visits.FINDING | {"value": "2026-12-19"}
QUESTION = Question(
    search_query="When does the Quill 4 go on sale?",
    condition_description="There is a date",
    last_known_state=None,
    asked_at=NOW,
)


#: The question, in claims.
KEY = digest(QUESTION.search_query, QUESTION.condition_description)[:16]


def page(url: str = URL, text: str = f"News\n{SAYS}\nMore news", **fields: Any) -> PageRead:
    given: dict[str, Any] = {
        "url": url,
        "answered": url,
        "title": "Quill 4",
        "text": text,
        "characters": len(text),
        "normal": text.casefold(),
        "links": (),
        "published": "",
        "taint": "",
        "digest": "1",
    }
    return PageRead(**(given | fields))


def visit(
    finding: dict[str, Any] | None = None,
    *,
    pages: tuple[PageRead, ...] = (page(),),
    plan: dict[str, Any] | None = None,
    before: Answer | None = None,
    agrees: bool = True,
    at: timedelta = timedelta(0),
) -> Answer:
    """Return the answer after `before` to what a model has found."""
    question = Question(
        search_query=QUESTION.search_query,
        condition_description=QUESTION.condition_description,
        last_known_state=before.state if before else None,
        asked_at=NOW + at,
    )
    memory = Memory.of(question)
    planned = Plan(**(PLAN | (plan or {})))
    read = {page.url: page for page in pages}
    claim = decide.claim_of(
        Finding(**(FINDING | (finding or {}))),
        plan=planned,
        memory=memory,
        pages=read,
        limits=LIMITS,
    )
    return decide.answer_of(
        claim,
        SecondOpinion(agrees=agrees) if claim.is_worth_asking else None,
        question=question,
        plan=planned,
        memory=memory,
        pages=read,
        looked=Looked(at=question.asked_at, asked="", searches={}, pages={}),
        limits=LIMITS,
    )


PRICES = {"value_kind": "price"}
CHEAP = "The Quill 4 now costs 399 EUR."
DEAR = "The Quill 4 now costs 449 EUR."


def at_price(text: str, value: str | None, before: Answer | None = None, **fields: Any) -> Answer:
    """Return the answer after `before` to a page that says a price; None if it is too high."""
    quotes = [{"url": URL, "text": text}]
    finding = {"holds": value is not None, "value": value, "quotes": quotes} | fields
    return visit(finding, pages=(page(text=text),), plan=PRICES, before=before)
