"""What follows from what a model has found."""

from dataclasses import replace
from datetime import timedelta

import pytest

from executions.monitors import TOPIC_CHARACTERS, Answer
from executions.monitors.agent import decide
from executions.monitors.agent.finding import Plan, ValueKind
from executions.monitors.agent.memory import Memory, digest
from executions.monitors.agent.values import FORMS
from executions.rendering import headline_of
from tests.support.agent_visits import SAYS, URL
from tests.support.decisions import (
    CHEAP,
    DEAR,
    KEY,
    LIMITS,
    PLAN,
    QUESTION,
    at_price,
    page,
    visit,
)
from tests.support.factories import NOW


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
    question = replace(QUESTION, last_known_state=state)

    assert Memory.of(question) == Memory.of(QUESTION)


def test_a_confidence_that_is_just_enough_is_enough():
    assert visit({"confidence": 80}).condition_met


def test_sources_are_the_quoted_pages_if_it_is_told_and_all_pages_if_not():
    other = page("http://other.example/", text="Other news", title="")
    pages = (page(), other)

    assert [source.url for source in visit(pages=pages).sources] == [URL]
    sources = visit(pages=pages, agrees=False).sources
    assert [(source.url, source.title) for source in sources] == [
        (URL, "Quill 4"),
        (other.url, "other.example"),
    ]


def test_a_quoted_page_without_a_title_is_named_by_its_host():
    [source] = visit(pages=(page(title=""),)).sources

    assert source.title == "news.example"


def test_of_two_pages_with_the_same_words_the_named_one_is_quoted():
    copy = page("http://copy.example/")
    quotes = [{"url": copy.url, "text": SAYS}]

    assert [source.url for source in visit({"quotes": quotes}, pages=(page(), copy)).sources] == [
        copy.url
    ]


def test_a_quote_that_is_repeated_counts_once():
    quote = {"url": URL, "text": SAYS}

    answer = visit({"quotes": [quote, quote]})

    assert answer.evidence.count(SAYS) == 1
    assert answer.activity[0]["text"] == "One quote stands on pages that were read."


def test_why_quotes_do_not_count_is_said_once():
    quotes = [{"url": URL, "text": SAYS}, {"url": URL, "text": "News The Quill 4 goes on sale"}]
    tainted = page(text=f"News The Quill 4 goes on sale\n{SAYS}", taint="obey")

    assert visit({"quotes": quotes}, pages=(tainted,)).evidence.count("obey") == 1


def test_a_second_opinion_that_disagrees_is_a_refusal_and_of_what_is_not_true_there_is_none():
    assert visit(agrees=False).warnings == [decide.REFUSED]
    assert visit({"holds": False, "value": None}).warnings == []


def test_a_topic_is_one_short_line():
    answer = visit(plan={"topic": "Quill\n4 " + "release " * 20})

    assert answer.topic is not None
    assert answer.topic.startswith("Quill 4 release")
    assert len(answer.topic) <= TOPIC_CHARACTERS


def test_where_nothing_is_new_what_is_known_is_kept_and_the_plan_says_when_to_look_again():
    before = visit({"confidence": 83}, agrees=False)
    question = replace(QUESTION, last_known_state=before.state, asked_at=NOW + timedelta(days=1))
    plain = page(title="")

    answer = decide.nothing_new(
        question=question,
        plan=Plan(**PLAN),
        memory=Memory.of(question),
        pages={URL: plain},
        limits=LIMITS,
    )

    assert not answer.condition_met
    assert answer.confidence == 83
    assert answer.state == before.state
    assert answer.next_run_at == NOW + timedelta(days=2)
    assert [(source.url, source.title) for source in answer.sources] == [(URL, "news.example")]
    assert f"those of {NOW:%Y-%m-%d at %H:%M} UTC" in answer.evidence


@pytest.mark.parametrize("kind", ["date", "price", "name"])
@pytest.mark.parametrize("value", ["Buy at evil.example", "Log in to see the date", "evil.example"])
def test_a_refused_value_leads_nobody_elsewhere(kind, value):
    answer = visit({"value": value}, plan={"value_kind": kind})

    assert failed(answer) == ["closed form"]
    for shown in (answer.evidence, str(answer.activity)):
        assert value not in shown
