"""What is remembered of a question, and when the condition counts as having been false."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from executions.monitors.agent.memory import MOST_TOLD, Memory, digest, what_is_asked
from tests.support.agent_visits import URL
from tests.support.decisions import CHEAP, DEAR, KEY, QUESTION, at_price, page, visit

MOVED = "The Quill 4 goes on sale on 23 January 2027."


def memory_of(answer: Any) -> Memory:
    return Memory.model_validate(answer.state)


def test_what_is_still_true_is_remembered_as_true():
    again = visit(before=visit(), at=timedelta(days=1))

    assert [seen.holds for seen in memory_of(again).seen] == [True, True]
    assert memory_of(again).holds


def test_a_condition_that_stays_false_was_false_once():
    answer = at_price(CHEAP, "399 EUR")
    for _ in range(3):
        answer = at_price(DEAR, None, answer)

    assert not memory_of(answer).holds
    assert at_price(CHEAP, "399 EUR", answer).claim == f"{KEY}:1:399 EUR"


def test_a_condition_that_was_never_true_was_not_false_either():
    first = at_price(DEAR, None)

    assert memory_of(first).spell == 0


@pytest.mark.parametrize(("confidence", "is_told_again"), [(59, False), (60, True)])
def test_the_model_must_be_certain_that_what_was_true_no_longer_is(confidence, is_told_again):
    risen = at_price(DEAR, None, at_price(CHEAP, "399 EUR"), confidence=confidence)

    assert at_price(CHEAP, "399 EUR", risen).condition_met is is_told_again


def test_a_claim_that_is_not_believed_does_not_make_what_was_told_false():
    first = visit()
    quotes = [{"url": URL, "text": MOVED}]
    doubted = visit(
        {"value": "2027-01-23", "quotes": quotes},
        pages=(page(text=MOVED),),
        before=first,
        agrees=False,
    )

    assert not doubted.condition_met
    assert visit(before=doubted).claim is None


def test_the_same_value_of_an_earlier_time_does_not_count_as_told():
    answer = at_price(CHEAP, "399 EUR")
    for _ in range(2):
        answer = at_price(CHEAP, "399 EUR", at_price(DEAR, None, answer))

    assert answer.claim == f"{KEY}:2:399 EUR"


def test_how_certain_the_last_answer_was_is_remembered():
    assert memory_of(visit({"confidence": 83})).confidence == 83


def test_as_much_is_remembered_of_what_was_told_as_one_could_read():
    answer = None
    for price in range(100, 100 + MOST_TOLD + 3):
        answer = at_price(f"The Quill 4 now costs {price} EUR.", f"{price} EUR", answer)

    told = memory_of(answer).told
    assert len(told) == MOST_TOLD
    assert (told[0].key, told[-1].key) == ("103 EUR", "152 EUR")


def test_an_answer_leaves_the_memory_of_which_it_was_made_as_it_was():
    first = visit()
    before = memory_of(first).state()

    visit({"holds": False, "value": None}, before=first)

    assert memory_of(first).state() == before


@pytest.mark.parametrize(
    "changed",
    [
        replace(QUESTION, search_query="Something else?"),
        replace(QUESTION, condition_description="Something else"),
    ],
)
def test_a_question_that_was_changed_is_a_new_one(changed):
    state = visit().state

    assert Memory.of(replace(QUESTION, last_known_state=state)).told
    assert Memory.of(replace(changed, last_known_state=state)).told == []


def test_texts_that_only_join_to_the_same_have_different_digests():
    assert digest("ab", "c") != digest("a", "bc")


@pytest.mark.parametrize(
    ("setting", "value"), [("TORALE_MODEL", "openai:another"), ("TORALE_MIN_CONFIDENCE", 81)]
)
def test_what_was_asked_with_other_settings_is_asked_again(settings, setting, value):
    before = what_is_asked(QUESTION)

    setattr(settings, setting, value)

    assert what_is_asked(QUESTION) != before


def test_the_order_of_the_context_is_none():
    one, other = ({"a": 1, "b": 2}, {"b": 2, "a": 1})

    assert what_is_asked(replace(QUESTION, context=one)) == what_is_asked(
        replace(QUESTION, context=other)
    )
    assert what_is_asked(replace(QUESTION, context=one)) != what_is_asked(QUESTION)
