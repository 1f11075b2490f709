"""What is found on pages whose servers say that nothing has changed, over real connections."""

from dataclasses import replace
from datetime import timedelta

import pytest

from executions import confined
from executions.monitors import AskFailed
from executions.pages.examine import UNLIKE_FOR
from executions.pages.last_reading import WHOLE_EVERY
from executions.pages.page_text import PageTexts
from tests.support.factories import NOW
from tests.support.unchanged_site import QUARTER, Site, conditions, is_conditional
from tests.support.watched_pages import html


def test_a_page_that_has_not_changed_is_a_whole_answer(site, watch, http_receiver):
    before = watch.visit()
    texts = dict(watch.texts)

    answer = watch.visit(after=QUARTER)

    assert conditions(http_receiver) == [{}, {"if-none-match": f'"{hash(site.text)}"'}]
    page = before.state["pages"][watch.query]
    assert answer == replace(
        before,
        evidence='The page does not contain "In stock". The page has not changed since it was read '
        f"at {NOW:%Y-%m-%d %H:%M} UTC (304 Not Modified).",
        state={
            **before.state,
            "pages": {
                watch.query: {
                    **page,
                    "seen": {**page["seen"], "at": (NOW + QUARTER).isoformat()},
                }
            },
        },
        texts={},
        next_run_at=NOW + QUARTER + timedelta(minutes=15),
    )
    assert watch.texts == texts


def test_what_has_become_true_stays_true_and_is_told_once(site, watch):
    answers = [watch.visit()]
    site.text = "In stock"

    answers += [watch.visit(after=QUARTER * number) for number in (1, 2, 3)]

    assert [answer.condition_met for answer in answers] == [False, True, False, False]
    assert [answer.state["met"] for answer in answers] == [False, True, True, True]
    assert answers[2].evidence.startswith('The page contains "In stock": ')
    assert "304 Not Modified" in answers[2].evidence
    assert "304 Not Modified" in answers[3].evidence


def test_a_change_after_unchanged_visits_is_told(site, watch):
    for number in range(3):
        watch.visit(after=QUARTER * number)
    site.text = "In stock"

    answer = watch.visit(after=QUARTER * 3)

    assert answer.condition_met


def test_no_child_process_is_called(site, watch, monkeypatch):
    watch.visit()
    confined._end_children()
    monkeypatch.setattr(confined, "PROGRAM", "raise SystemExit('a child was started')")

    answer = watch.visit(after=QUARTER)

    assert "304 Not Modified" in answer.evidence


def test_warnings_stand_while_the_page_stays_the_same(site, watch):
    watch.condition = 'css("b") < 100'
    site.text = "<b>120</b>"
    watch.visit()
    site.text = "Our new design"
    warned = watch.visit(after=QUARTER)

    answer = watch.visit(after=QUARTER * 2)

    assert "304 Not Modified" in answer.evidence
    assert len(warned.warnings) == 1
    assert answer.warnings == warned.warnings


def test_a_page_that_has_shrunk_is_read_in_whole_until_that_is_settled(site, watch, http_receiver):
    site.text = "Bread and rolls, and much else that we bake. " * 40
    watch.visit()
    site.text = "Bread and rolls, and much else that we bake. " * 5
    visits = [watch.visit(after=QUARTER), watch.visit(after=QUARTER * 2)]

    visits.append(watch.visit(after=UNLIKE_FOR))
    visits.append(watch.visit(after=UNLIKE_FOR + QUARTER))

    assert [len(answer.warnings) for answer in visits] == [1, 1, 0, 0]
    assert is_conditional(http_receiver) == [False, True, False, False, True]


def test_an_unlike_page_is_waited_for_from_the_last_time_that_the_page_was_seen(site, watch):
    site.text = "Bread and rolls, and much else that we bake every morning but Sundays. " * 9
    watch.visit()
    last = WHOLE_EVERY - QUARTER
    watch.visit(after=last)
    site.text, site.title = "A new firm with other things has moved in here.", "Other things"

    with pytest.raises(AskFailed, match="instead of its page"):
        watch.visit(after=UNLIKE_FOR + last / 2)
    watch.visit(after=UNLIKE_FOR + last)


def test_a_page_is_read_in_whole_every_six_hours(site, watch, http_receiver):
    after = [timedelta(), WHOLE_EVERY - QUARTER, WHOLE_EVERY, WHOLE_EVERY + QUARTER]

    for each in after:
        watch.visit(after=each)

    assert is_conditional(http_receiver) == [False, True, False, True]


def test_a_server_that_lies_is_found_out_and_no_longer_asked(site, watch, http_receiver):
    site.headers = {"ETag": '"always"'}
    watch.visit()
    site.text = "In stock"
    lied = watch.visit(after=QUARTER)

    found_out = watch.visit(after=WHOLE_EVERY)
    later = [watch.visit(after=WHOLE_EVERY + QUARTER * number) for number in (1, 2)]

    assert not lied.condition_met
    assert found_out.condition_met
    assert [answer.state["met"] for answer in later] == [True, True]
    assert is_conditional(http_receiver) == [False, True, False, False, False]


def test_a_server_that_lies_is_found_out_at_the_second_look(site, watch, http_receiver):
    watch.condition = "changes"
    site.headers = {"ETag": '"always"'}
    watch.visit()
    site.text = "In stock"
    tentative = watch.look(after=WHOLE_EVERY)

    told = watch.visit(after=WHOLE_EVERY + timedelta(seconds=45), is_second_look=True)
    for number in (1, 2):
        watch.visit(after=WHOLE_EVERY + QUARTER * number)

    assert tentative.is_tentative
    assert told.condition_met
    assert is_conditional(http_receiver) == [False] * 5


@pytest.mark.parametrize("condition", ["changes", 'does not contain "Sold out"'])
def test_a_second_look_reads_the_page_and_is_not_remembered(site, watch, http_receiver, condition):
    watch.condition = condition
    watch.visit()
    site.text = "In stock"
    watch.look(after=QUARTER)

    told = watch.visit(after=QUARTER + timedelta(seconds=45), is_second_look=True)
    after = [watch.visit(after=QUARTER * number) for number in (2, 3)]

    assert told.condition_met
    assert is_conditional(http_receiver) == [False, True, False, False, True]
    assert [answer.condition_met for answer in after] == [False, False]


def test_the_second_look_at_one_page_reads_the_others_in_whole(site, watch, http_receiver):
    watch.query, watch.condition = f"{http_receiver.url}/bread {http_receiver.url}/rolls", "changes"
    rolls = Site()
    http_receiver.judge = lambda request: (rolls if request.path == "/rolls" else site).answer(
        request
    )
    watch.visit()
    rolls.text = "In stock"
    watch.look(after=QUARTER)
    http_receiver.requests.clear()

    told = watch.visit(after=QUARTER + timedelta(seconds=45), is_second_look=True)

    assert told.condition_met
    assert is_conditional(http_receiver) == [False, False]


def test_a_first_look_whose_second_was_never_taken_is_forgotten_by_a_whole_reading(
    site, watch, http_receiver
):
    watch.condition = "changes"
    watch.visit()
    site.text = "In stock"
    watch.look(after=QUARTER)
    site.text = "Sold out"

    watch.visit(after=QUARTER * 2)
    watch.visit(after=QUARTER * 3)

    assert is_conditional(http_receiver) == [False, True, False, True]
    assert PageTexts.unpack(watch.texts[watch.query]).first_look is None


@pytest.mark.parametrize("condition", ["changes", 'does not contain "Sold out"'])
def test_news_that_is_told_without_a_second_look_is_followed_by_a_whole_reading(
    site, watch, http_receiver, condition
):
    """As with TORALE_CONFIRM_SECONDS=0: a tentative answer is told, and learnt from."""
    watch.condition = condition
    watch.visit()
    site.text = "In stock"

    answers = [watch.visit(after=QUARTER * number) for number in (1, 2, 3)]

    assert [answer.condition_met for answer in answers] == [True, False, False]
    assert is_conditional(http_receiver) == [False, True, False, True]


def test_what_becomes_true_because_nothing_happens_is_told_at_the_next_visit(site, watch):
    watch.condition = "not new lines"
    assert watch.visit().condition_met
    site.text = "Sold out<p>Wait for spring"
    assert not watch.visit(after=QUARTER).condition_met

    assert watch.visit(after=QUARTER * 2).condition_met


def test_a_wall_in_between_changes_nothing(site, watch, http_receiver):
    watch.visit()
    http_receiver.judge = None
    http_receiver.answers = [html("Please verify you are human to continue", "Just a moment...")]
    with pytest.raises(AskFailed):
        watch.visit(after=QUARTER)
    http_receiver.judge = site.answer

    assert "304 Not Modified" in watch.visit(after=QUARTER * 2).evidence


def test_a_rule_that_was_met_on_a_wall_is_judged_by_the_whole_page_again(
    site, watch, http_receiver
):
    watch.visit()
    http_receiver.judge = None
    wall = "In stock. Please verify you are human to continue"
    http_receiver.answers = [html(wall, "Just a moment...")]
    assert watch.visit(after=QUARTER).condition_met
    http_receiver.judge = site.answer

    answer = watch.visit(after=QUARTER * 2)

    assert answer.state["met"] is False
    assert is_conditional(http_receiver) == [False, True, False]


def test_one_page_that_is_unchanged_does_not_hide_the_news_of_another(site, watch, http_receiver):
    watch.query = f"{http_receiver.url}/bread {http_receiver.url}/rolls"
    rolls = Site()
    http_receiver.judge = lambda request: (rolls if request.path == "/rolls" else site).answer(
        request
    )
    watch.visit()
    rolls.text = "In stock"

    answer = watch.visit(after=QUARTER)

    assert answer.condition_met
    assert f"{http_receiver.url}/bread: The page does not contain" in answer.evidence
    assert answer.evidence.count("304 Not Modified") == 1
