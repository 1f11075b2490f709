"""When the agent looks further, asks the model again, or stops."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from executions.monitors import AskFailed
from executions.monitors.agent import prompt
from executions.monitors.agent.tools import ANSWER_S, QUERY_CHARACTERS, STEP_S, USED_UP, Tools
from executions.monitors.protocol import Sessions
from tests.support.agent_visits import (
    QUESTION,
    SAYS,
    URL,
    ask,
    plays,
    read,
    report,
    search,
    texts_in,
)
from tests.support.scripted_model import calls, says, tools_of
from tests.support.small_web import WebPage

NOT_TRUE = report(holds=False, quotes=[])
INVENTED = report(quotes=[{"url": URL, "text": "It is in the shops already."}])


@pytest.fixture(autouse=True)
def web(small_web):
    small_web.pages[URL] = WebPage(f"<title>Quill 4</title><p>{SAYS}</p>")
    small_web.results["*"] = [{"url": URL, "title": "Quill 4", "snippet": ""}]
    return small_web


def offered(model) -> list[list[str]]:
    """Return the tools of each request."""
    return [sorted(tools_of(body)) for body in model.requests]


LOOK, LAST, PLAN = ["read", "report", "search"], ["report"], ["plan"]


@pytest.mark.parametrize("bug", [RuntimeError, TimeoutError])
def test_a_bug_is_no_answer_and_no_failure_of_the_model(web, scripted_model, monkeypatch, bug):
    async def broken(*_):
        raise bug("a bug")

    scripted_model.judge = plays(search(), read(), report())
    first = ask(web)
    monkeypatch.setattr(Tools, "find", broken)

    with pytest.raises(bug, match="a bug"):
        ask(web, before=first, at=timedelta(days=1))


def test_a_timeout_that_is_not_the_limit_of_the_visit_is_not_said_to_be_it(
    web, scripted_model, monkeypatch
):
    def broken(*_):
        raise TimeoutError("a bug")

    monkeypatch.setattr(prompt, "plan_prompt", broken)

    with pytest.raises(TimeoutError, match="a bug"):
        ask(web)


def test_tools_are_offered_as_long_as_tokens_are_left_for_an_answer(web, scripted_model, settings):
    settings.TORALE_AGENT_TOKENS = 20_000
    costly = (calls(search(query), usage=(4000, 100)) for query in ("one", "two"))
    scripted_model.judge = plays(*costly, NOT_TRUE)

    ask(web)

    assert offered(scripted_model) == [PLAN, LOOK, LOOK, LAST]


def test_tools_are_offered_as_long_as_time_is_left_for_an_answer(web, scripted_model, settings):
    settings.TORALE_AGENT_SECONDS = 20
    scripted_model.judge = plays(NOT_TRUE)

    ask(web, search_query=f"Is it announced? {URL}")

    assert offered(scripted_model) == [PLAN, LAST]


def test_a_report_that_it_is_not_true_needs_no_quotes(web, scripted_model):
    scripted_model.judge = plays(NOT_TRUE)

    ask(web, search_query=f"Is it announced? {URL}")

    assert offered(scripted_model) == [PLAN, LOOK]


def test_a_report_is_sent_back_once(web, scripted_model):
    scripted_model.judge = plays(read(), INVENTED)

    answer = ask(web, search_query=f"Is it announced? {URL}")

    assert not answer.condition_met
    assert offered(scripted_model) == [PLAN, LOOK, LOOK, LOOK]


def test_a_report_is_not_sent_back_if_another_could_not_be_judged(web, scripted_model, settings):
    settings.TORALE_AGENT_REQUESTS = 4
    scripted_model.judge = plays(INVENTED)

    answer = ask(web, search_query=f"Is it announced? {URL}")

    assert not answer.condition_met
    assert offered(scripted_model) == [PLAN, LOOK]


def test_no_second_opinion_is_asked_for_what_is_not_true_or_was_told(web, scripted_model):
    scripted_model.judge = plays(search(), read(), report())
    first = ask(web)
    scripted_model.requests.clear()
    scripted_model.judge = plays(search(), read(), report())

    again = ask(web, before=first, at=timedelta(days=8))

    assert not again.condition_met
    assert ["judge"] not in offered(scripted_model)


def test_a_search_that_fails_after_one_that_worked_is_no_failure_of_the_visit(web, scripted_model):
    steps = plays(search("works"), search("fails"), NOT_TRUE)

    def judge(body):
        reply = steps(body)
        if reply.tools[0] == search("fails"):
            web.search_page = WebPage("", status=500)
        return reply

    scripted_model.judge = judge

    answer = ask(web)

    assert not answer.condition_met
    assert "The search failed" in texts_in(scripted_model.requests[-1])


def test_what_is_called_when_too_little_is_left_for_an_answer_is_not_done(
    web, scripted_model, settings
):
    settings.TORALE_AGENT_TOKENS = 20_000
    web.pages[URL] = WebPage(f'<p>{SAYS}</p><a href="/quill/date">The date</a>')
    costly = calls(search(), read(f"{URL}/date"), usage=(14_000, 100))
    scripted_model.judge = plays(costly, NOT_TRUE)

    ask(web, search_query=f"Is it announced? {URL}")

    assert web.requests == [URL]  # which the question names
    assert texts_in(scripted_model.requests[-1]).count("budget for this is used up") == 2


def test_a_page_or_search_that_was_looked_at_costs_nothing_again(web, scripted_model, settings):
    settings.TORALE_AGENT_SEARCHES = settings.TORALE_AGENT_PAGES = 1
    scripted_model.judge = plays(search(), search(), read(), read(f"{URL}/#top"), NOT_TRUE)

    ask(web)

    assert len(web.requests) == 2
    assert "used up" not in texts_in(scripted_model.requests[-1])


def test_the_model_reads_why_a_page_or_a_search_brought_nothing(web, scripted_model):
    dead = "http://dead.example/"
    web.pages[dead] = WebPage("gone", status=503)
    web.results["*"] = [{"url": dead, "title": "Dead", "snippet": ""}]
    scripted_model.judge = plays(search(" "), search("a"), read(dead), read(dead), read(), NOT_TRUE)

    with pytest.raises(AskFailed):
        ask(web)

    said = texts_in(scripted_model.requests[-1])
    assert "The query is empty." in said
    assert "page cannot be read" in said
    assert web.requests.count(dead) == 1
    assert "is not visited" in said


def test_a_model_that_only_talks_is_asked_for_a_report(web, scripted_model):
    scripted_model.judge = plays(says("Let me see."), search(), NOT_TRUE)

    assert not ask(web).condition_met


def test_a_page_that_is_asked_for_side_by_side_is_visited_once(web, scripted_model):
    dead = "http://dead.example/"
    web.pages[dead] = WebPage("gone", status=503)
    web.results["*"] = [{"url": url, "title": "A", "snippet": ""} for url in (URL, dead)]
    at_once = calls(read(), read(), read(dead), read(dead))
    scripted_model.judge = plays(search(), at_once, NOT_TRUE)

    answer = ask(web)

    assert (web.requests.count(URL), web.requests.count(dead)) == (1, 1)
    assert [step["action"] for step in answer.activity[:-7]] == ["search", "read", "read"]


def test_other_ways_of_writing_an_address_are_the_same_page(web, scripted_model):
    web.pages[URL] = WebPage(f'<p>{SAYS}</p><a href="/quill/#top">Top</a>')
    scripted_model.judge = plays(search(), read(), read(), read(f" {URL}/#date "), NOT_TRUE)

    ask(web)

    assert len(web.requests) == 2
    assert "is not visited" not in texts_in(scripted_model.requests[-1])


def test_results_in_another_order_are_nothing_new(web, scripted_model):
    others = [{"url": f"http://b{n}.example/", "title": "B", "snippet": ""} for n in range(3)]
    web.results["*"] = others
    scripted_model.judge = plays(search(), NOT_TRUE)
    first = ask(web)
    scripted_model.requests.clear()
    web.results["*"] = others[::-1]

    ask(web, before=first, at=timedelta(days=1))

    assert scripted_model.requests == []


def test_a_long_query_is_cut(web, scripted_model):
    scripted_model.judge = plays(search("quill " * 100), NOT_TRUE)

    [query] = [step["query"] for step in ask(web).activity if step["action"] == "search"]

    assert len(str(query)) == QUERY_CHARACTERS


def test_without_a_search_engine_a_model_that_searches_is_told_so(web, scripted_model, settings):
    settings.TORALE_SEARCH = ""
    scripted_model.judge = plays(search(), NOT_TRUE)

    ask(web, search_query=f"Is it announced? {URL}")

    assert web.requests == [URL]
    assert "There is no search engine." in texts_in(scripted_model.requests[-1])


def tools_with(left_s: float) -> Tools:
    """Return the tools of a visit that has so many seconds left, without connections."""
    return Tools(
        question=replace(QUESTION, search_query=f"Is it announced? {URL}"),
        sessions=cast("Sessions", None),
        boundary="",
        ends_at=time.monotonic() + left_s,
        progress=print,
    )


def test_nothing_is_begun_when_the_time_is_needed_for_the_answer(web):
    tools = tools_with(ANSWER_S - 1)

    assert asyncio.run(tools.search("quill")) == asyncio.run(tools.read(URL)) == USED_UP


@pytest.mark.parametrize(("left_s", "step_s"), [(100, STEP_S), (5, 5), (0.5, 1), (-5, 1)])
def test_a_step_takes_no_longer_than_the_visit_may(left_s, step_s):
    assert step_s - 0.5 < tools_with(left_s)._step_s() <= step_s


def test_what_is_looked_at_before_the_model_is_asked_does_not_grow_from_visit_to_visit(
    web, scripted_model, settings
):
    settings.TORALE_AGENT_PAGES = settings.TORALE_AGENT_SEARCHES = 1
    named = f"{URL}/named"
    web.pages[named] = WebPage("<p>News</p>")
    answer = None
    for number in range(5):
        new = f"http://site{number}.example/"
        web.pages[new] = WebPage("<p>Nothing about it.</p>")
        web.pages[named] = WebPage(f"<p>News of the number {number}, as it is called</p>")
        web.results["*"] = [{"url": new, "title": f"Title {number}", "snippet": ""}]
        scripted_model.judge = plays(search(f"query {number}"), read(new), NOT_TRUE)
        answer = ask(
            web, before=answer, at=timedelta(days=number), search_query=f"Is it out? {named}"
        )

    looked = answer.state["_looked"]
    assert [*looked["searches"]] == ["query 4"]
    assert {*looked["pages"]} == {named, "http://site4.example/"}
