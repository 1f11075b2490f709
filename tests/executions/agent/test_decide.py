"""What follows from what a model has found."""

from datetime import timedelta
from typing import Any

import pytest

from executions.monitors import Answer, Question
from executions.monitors.agent import decide
from executions.monitors.agent.finding import Finding, Plan, SecondOpinion, ValueKind
from executions.monitors.agent.limits import Limits
from executions.monitors.agent.memory import Looked, Memory, digest
from executions.monitors.agent.reading import PageRead
from executions.monitors.agent.values import FORMS
from executions.rendering import headline_of
from tests.support.factories import NOW

URL = "http://news.example/quill"
SAYS = "The Quill 4 goes on sale on 19 December 2026."
LIMITS = Limits(confidence=80, soonest=timedelta(minutes=5), latest=timedelta(days=30))
PLAN: dict[str, Any] = {
    "topic": "Quill 4 release",
    "value_kind": "date",
    "is_once_only": False,
    "depends_on_time": False,
    "hours_between_visits": 24,
}
FINDING: dict[str, Any] = {
    "holds": True,
    "confidence": 95,
    "value": "2026-12-19",
    "quotes": [{"url": URL, "text": SAYS}],
}
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


def failed(answer: Answer) -> list[str]:
    """Return the names of the checks that the answer did not pass."""
    return [step["name"] for step in answer.activity if step["passed"] is False]


def test_what_passes_all_checks_is_told_with_value_quote_and_source():
    answer = visit()

    assert answer.condition_met
    assert answer.notification == (
        f"**Quill 4 release**\n\nQuill 4 release: 19 December 2026\n\n“{SAYS}” <{URL}>"
    )
    assert answer.evidence == (
        f"The condition is true: 19 December 2026.\n\n“{SAYS}” (news.example)"
    )
    assert [source.url for source in answer.sources] == [URL]
    assert [step["passed"] for step in answer.activity] == [True] * 7
    assert answer.claim == f"{KEY}:0:2026-12-19"
    assert answer.topic == "Quill 4 release"
    assert headline_of(answer.notification) == "Quill 4 release: 19 December 2026"


@pytest.mark.parametrize(
    ("finding", "check", "reason"),
    [
        (
            {"quotes": [{"url": URL, "text": "The Quill 4 is on sale from today."}]},
            "evidence",
            "The first quote stands on no page that was read.",
        ),
        (
            {
                "quotes": [
                    {"url": URL, "text": SAYS},
                    {"url": URL, "text": "It is out now, really."},
                ]
            },
            "evidence",
            "The second quote stands on no page that was read.",
        ),
        ({"quotes": []}, "evidence", "Nothing is quoted."),
        (
            {"quotes": [{"url": URL, "text": "More news"}]},
            "evidence",
            "No quote counts: the first quote is shorter than 15 characters.",
        ),
        (
            {"confidence": 79},
            "evidence",
            "The model is only 79 % certain, and 80 % is needed.",
        ),
        (
            {"value": "soon"},
            "closed form",
            f"The value 'soon' is not {FORMS[ValueKind.DATE]}.",
        ),
        (
            {"value": "2026-12-18"},
            "closed form",
            "The value 18 December 2026 stands in none of the quotes that count.",
        ),
    ],
)
def test_what_does_not_pass_a_check_is_not_told_and_the_execution_says_why(finding, check, reason):
    answer = visit(finding)

    assert not answer.condition_met
    assert answer.notification is None
    assert answer.claim is None
    assert failed(answer) == [check]
    assert answer.evidence.startswith(f"Not told: {reason}")
    assert answer.warnings == [decide.REFUSED]


def test_quotes_of_a_page_with_text_for_models_do_not_count():
    answer = visit(pages=(page(taint="a model is told what to do"),))

    assert failed(answer) == ["evidence"]
    assert "has text for language models: a model is told what to do" in answer.evidence


def test_a_quote_of_another_page_than_the_named_one_counts():
    answer = visit({"quotes": [{"url": "http://wrong.example/", "text": SAYS}]})

    assert answer.condition_met
    assert [source.url for source in answer.sources] == [URL]


def test_without_a_second_opinion_that_agrees_nobody_is_told():
    answer = visit(agrees=False)

    assert not answer.condition_met
    assert failed(answer) == ["second opinion"]
    assert answer.evidence.startswith("Not told: The quotes alone do not show it.")


def test_a_condition_that_is_not_true_is_no_refusal():
    answer = visit({"holds": False, "confidence": 90, "value": None, "quotes": []})

    assert not answer.condition_met
    assert answer.evidence == "The condition is not true now."
    assert answer.warnings == []


def test_the_same_is_not_told_twice():
    first = visit()
    second = visit(before=first, at=timedelta(days=1))

    assert not second.condition_met
    assert failed(second) == ["not told before"]
    assert second.warnings == []
    assert second.evidence.startswith(
        f"Not told: This was told on {NOW:%Y-%m-%d} and has not been seen to be false since."
    )


def test_a_new_value_is_told():
    first = visit()
    moved = "The Quill 4 goes on sale on 23 January 2027."
    second = visit(
        {"value": "2027-01-23", "quotes": [{"url": URL, "text": moved}]},
        pages=(page(text=moved),),
        before=first,
    )

    assert second.condition_met
    assert second.topic is None


PRICES = {"value_kind": "price"}
CHEAP = "The Quill 4 now costs 399 EUR."
DEAR = "The Quill 4 now costs 449 EUR."


def at_price(text: str, value: str | None, before: Answer | None = None, **fields: Any) -> Answer:
    quotes = [{"url": URL, "text": text}]
    finding = {"holds": value is not None, "value": value, "quotes": quotes} | fields
    return visit(finding, pages=(page(text=text),), plan=PRICES, before=before)


def test_a_price_that_rises_and_falls_again_is_told_again():
    fallen = at_price(CHEAP, "399 EUR")
    risen = at_price(DEAR, None, fallen)
    fallen_again = at_price(CHEAP, "399 EUR", risen)

    assert [fallen.claim, risen.claim, fallen_again.claim] == [
        f"{KEY}:0:399 EUR",
        None,
        f"{KEY}:1:399 EUR",
    ]


@pytest.mark.parametrize("fields", [{"quotes": []}, {"confidence": 59}])
def test_what_was_only_not_found_is_not_told_again(fields):
    fallen = at_price(CHEAP, "399 EUR")
    lost = at_price(DEAR, None, fallen, **fields)
    found_again = at_price(CHEAP, "399 EUR", lost)

    assert not found_again.condition_met


def test_a_task_completes_only_with_a_telling_of_a_question_asked_once():
    once = {"is_once_only": True}

    told, refused = visit(plan=once), visit(plan=once, agrees=False)

    assert told.completes
    assert told.notification.endswith("You asked for this once, so the task is completed.")
    assert not refused.completes
    assert not visit().completes


@pytest.mark.parametrize(
    ("planned", "proposed", "hours"),
    [
        (24, None, 24),
        (24, 12, 12),
        (24, 1, 6),  # a page makes visits four times as frequent at most
        (24, 8760, 24),  # and puts none off
        (0.01, None, 5 / 60),
        (8784, None, 720),
        (8784, 8784, 720),
    ],
)
def test_pages_cannot_put_off_the_next_visit(planned, proposed, hours):
    answer = visit({"hours_until_next_visit": proposed}, plan={"hours_between_visits": planned})

    assert answer.next_run_at == NOW + timedelta(hours=hours)


def test_nothing_of_a_page_becomes_markup_or_another_line_of_what_is_told():
    text = "The Quill 4 [goes](x) on **sale** on 19 December 2026 <b>now</b>."
    answer = visit({"quotes": [{"url": URL, "text": text}]}, pages=(page(text=text),))

    assert answer.notification.splitlines()[4] == (
        r"“The Quill 4 \[goes\](x) on \*\*sale\*\* on 19 December 2026 \<b\>now\</b\>.” "
        f"<{URL}>"
    )


def test_only_five_visits_are_remembered_but_all_that_was_told():
    answer = visit()
    for day in range(1, 10):
        answer = visit({"holds": False, "quotes": []}, before=answer, at=timedelta(days=day))

    memory = Memory.model_validate(answer.state)
    assert len(memory.seen) == 5
    assert [told.key for told in memory.told] == ["2026-12-19"]


@pytest.mark.parametrize(
    "state",
    [
        None,
        {"rule": "changes", "pages": {}},
        {"question": "another"},
        {"question": digest("When does the Quill 4 go on sale?", "There is a date"), "told": 3},
    ],
)
def test_the_state_of_another_question_or_monitor_is_forgotten(state):
    question = Question(
        search_query=QUESTION.search_query,
        condition_description=QUESTION.condition_description,
        last_known_state=state,
        asked_at=NOW,
    )

    assert Memory.of(question) == Memory.of(QUESTION)
