"""What is remembered of the pages' texts, apart from the task."""

import pytest

from executions.monitors import Answer
from tasks.models import PageText
from tests.support.factories import NOW, make_task

PAGE = "https://shop.example/bread"
LONG = f"https://shop.example/{'ü' * 1900}"


def answer(texts: dict[str, bytes | None]) -> Answer:
    return Answer(
        condition_met=False, notification=None, evidence="", confidence=100, state={}, texts=texts
    )


@pytest.fixture
def task(owner):
    return make_task(owner)


def test_the_next_question_has_the_texts_of_the_last_answers(task, stranger):
    other = make_task(stranger)
    other.learn(answer({PAGE: b"another's"}), now=NOW)

    task.learn(answer({PAGE: b"\0first", LONG: b"long"}), now=NOW)
    task.learn(answer({PAGE: b"second"}), now=NOW)

    assert PageText.objects.of(task.pk) == {PAGE: b"second", LONG: b"long"}
    assert PageText.objects.of(other.pk) == {PAGE: b"another's"}


def test_a_text_is_removed_by_none_and_with_its_task(task, stranger):
    other = make_task(stranger)
    for each in (task, other):
        each.learn(answer({PAGE: b"first", LONG: b"long"}), now=NOW)

    task.learn(answer({PAGE: None}), now=NOW)

    assert PageText.objects.of(task.pk) == {LONG: b"long"}

    task.delete()

    assert {text.task_id for text in PageText.objects.all()} == {other.pk}
    assert PageText.objects.count() == 2
