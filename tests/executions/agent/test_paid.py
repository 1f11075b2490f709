"""What a visit has cost is booked for its asker, whatever ends it."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from executions.failures import FailureKind
from executions.monitors import AskFailed
from executions.monitors.agent import AgentMonitor, asking
from executions.monitors.agent.metered import Metered
from executions.monitors.agent.models import open_model, worst_price
from executions.spending import Cost, Spending
from tests.support.agent_visits import QUESTION, SAYS, URL, ask, plays, read, report, search
from tests.support.factories import NOW, make_spending
from tests.support.races import apart, wait_until_another_waits
from tests.support.receivers import DEADLINE_S
from tests.support.scripted_model import breaks_off, fails
from tests.support.small_web import WebPage
from torale.pool import in_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at_now")]


@pytest.fixture(autouse=True)
def web(small_web):
    small_web.pages[URL] = WebPage(f"<title>Quill 4</title><p>{SAYS}</p>")
    small_web.results["*"] = [{"url": URL, "title": "Quill 4", "snippet": ""}]
    return small_web


def booked() -> tuple[int, int, int]:
    """Return what is booked: tokens, those whose price is not known, and runs."""
    row = Spending.objects.get()
    return row.tokens, row.unpriced_tokens, row.run_count


def test_what_was_sent_without_a_reply_counts_for_the_budget_in_tokens(owner, web, scripted_model):
    scripted_model.answers = [breaks_off()]

    with pytest.raises(AskFailed):
        ask(web, asker=str(owner.pk))

    tokens, unpriced, runs = booked()
    assert tokens == unpriced > 0
    assert runs == 1


def test_a_model_that_refuses_at_once_costs_nothing(owner, web, scripted_model):
    scripted_model.answers = [fails(500)]

    with pytest.raises(AskFailed):
        ask(web, asker=str(owner.pk))

    assert booked() == (0, 0, 0)


def test_a_visit_in_which_the_model_is_not_asked_needs_no_budget(
    owner, web, scripted_model, settings
):
    scripted_model.judge = plays(search(), read(), report())
    first = ask(web, asker=str(owner.pk))
    before = booked()
    settings.TORALE_USER_BUDGET_TOKENS = 0

    ask(web, before=first, at=timedelta(days=1), asker=str(owner.pk))

    assert booked() == before


@pytest.mark.parametrize(
    ("asked_at", "again_at"),
    [
        (NOW, NOW + timedelta(hours=1)),
        (datetime(2026, 3, 31, 23, 30, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_what_exceeds_the_budget_is_asked_again_in_an_hour_or_in_the_next_month(
    owner, web, scripted_model, settings, asked_at, again_at
):
    settings.TORALE_USER_BUDGET_TOKENS = 0

    with pytest.raises(AskFailed) as failure:
        ask(web, at=asked_at - NOW, asker=str(owner.pk))

    assert failure.value.kind == FailureKind.AGENT_ERROR
    assert failure.value.retry_after == again_at
    assert scripted_model.requests == []


def test_a_visit_that_is_cancelled_while_it_reserves_leaves_nothing_reserved(
    owner, web, scripted_model
):
    row = make_spending(owner)
    is_locked, is_cancelled = threading.Event(), threading.Event()
    is_waited_for = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Spending.objects.select_for_update().get(pk=row.pk)
            is_locked.set()
            wait_until_another_waits()
            is_waited_for.set()
            assert is_cancelled.wait(DEADLINE_S)

    async def main() -> None:
        question = replace(QUESTION, asker=str(owner.pk))
        async with web.sessions() as sessions:
            await asyncio.to_thread(is_locked.wait, DEADLINE_S)
            asking = asyncio.create_task(AgentMonitor().ask(question, sessions=sessions))
            await asyncio.to_thread(is_waited_for.wait, DEADLINE_S)
            asking.cancel()
            is_cancelled.set()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await in_thread(lambda: None)  # after whatever the visit has begun there

    holding = threading.Thread(target=apart, args=[hold])
    holding.start()
    asyncio.run(main())
    holding.join()

    assert is_waited_for.is_set()
    assert scripted_model.requests == []
    assert booked() == (0, 0, 0)


@pytest.fixture
def priced(settings, monkeypatch):
    """Name a model whose price is known."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    settings.TORALE_MODEL = "openai:gpt-5-mini"
    settings.TORALE_MODEL_URL = settings.TORALE_FALLBACK_MODEL = ""
    price = worst_price()
    assert price
    return price


def test_the_worst_case_of_a_model_with_a_price_is_in_dollars(priced, settings):
    settings.TORALE_AGENT_TOKENS = 10_000

    assert asking._worst() == Cost(tokens=10_000, usd=priced * 10_000)


def test_what_was_sent_without_a_reply_costs_as_much_as_the_dearest_tokens(priced):
    async def lost() -> Metered:
        async with open_model(timeout_s=1) as opened:
            model = Metered(opened, most_tokens=10_000, most_requests=3)
            model.input_tokens = model.lost_tokens = 1000
            return model

    assert asking._cost(asyncio.run(lost())) == Cost(tokens=1000, usd=priced * 1000)
