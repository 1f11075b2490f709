"""What a visit may take, whatever pages, search results and models do."""

import json
import threading
from dataclasses import replace

import pytest

from executions.failures import FailureKind
from executions.monitors import AskFailed
from tests.support.agent_visits import PLAN, SAYS, URL, ask, plays, read, report, search, texts_in
from tests.support.scripted_model import ScriptedModel, calls, stalls, tools_of
from tests.support.small_web import WebPage

NO = {"holds": False, "quotes": []}


@pytest.fixture(autouse=True)
def web(small_web):
    small_web.pages[URL] = WebPage(f"<p>{SAYS}</p>")
    small_web.results["*"] = [{"url": URL, "title": "Quill", "snippet": ""}]
    return small_web


def test_a_named_page_that_failed_is_looked_at_again(web, scripted_model):
    other = "http://other.example/"
    web.pages[other] = WebPage("", status=503)
    query = f"Is it out? {URL} {other}"
    scripted_model.judge = plays(report(**NO))
    first = ask(web, search_query=query)
    web.pages[other] = WebPage("<p>It is out, says the other page today.</p>")
    quotes = [{"url": other, "text": "It is out, says the other page today."}]
    scripted_model.judge = plays(report(quotes=quotes))

    assert first.warnings
    assert ask(web, before=first, search_query=query).condition_met


def test_after_a_search_that_failed_the_model_is_asked_again(web, scripted_model):
    web.search_page = WebPage("", status=500)
    query = f"Is it out? {URL}"
    scripted_model.judge = plays(search(), report(**NO))
    first = ask(web, search_query=query)
    scripted_model.requests.clear()

    ask(web, before=first, search_query=query)

    assert scripted_model.requests


def test_a_refused_report_is_asked_for_again_twice_and_then_believed(web, scripted_model):
    scripted_model.judge = plays(search(), read(), report(), agrees=False)
    answer, asked = None, []
    for _ in range(5):
        scripted_model.requests.clear()
        scripted_model.judge = plays(search(), read(), report(), agrees=False)
        answer = ask(web, before=answer)
        asked.append(bool(scripted_model.requests))
        assert answer.warnings

    assert asked == [True, True, True, False, False]


def test_a_report_without_a_look_is_no_answer(web, scripted_model):
    scripted_model.judge = plays(report(**NO))

    with pytest.raises(AskFailed) as failure:
        ask(web)

    assert failure.value.kind == FailureKind.AGENT_ERROR
    assert "without looking" in str(failure.value)


def test_the_fallback_answers_if_the_first_model_hangs(web, scripted_model, settings, monkeypatch):
    settings.TORALE_AGENT_SECONDS = 4
    second = ScriptedModel()
    never = threading.Event()
    settings.TORALE_FALLBACK_MODEL = "openai-chat:second"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", second.url)
    scripted_model.judge = lambda body: (
        plays(report())(body) if "plan" in tools_of(body) else stalls(never)
    )
    second.judge = plays(report(**NO))

    answer = ask(web, search_query=f"Is it out? {URL}")
    never.set()
    second.close()

    assert not answer.condition_met
    assert answer.usage.model == "scripted, second"


def test_headers_go_to_the_named_pages_and_not_to_others_of_their_site(web, scripted_model):
    log_out = "http://news.example/log-out?confirm=1"
    web.pages[log_out] = WebPage("<p>You are logged out.</p>")
    web.pages[URL] = WebPage(f'<p>{SAYS}</p><a href="{log_out}">More</a>')
    scripted_model.judge = plays(read(log_out), report())

    ask(web, search_query=f"Is it out? {URL}", request_headers={"Cookie": "session=3f9a2c77"})

    sent = {call.path: call.headers.get("cookie") for call in web.calls}
    assert sent == {"/quill": "session=3f9a2c77", "/log-out?confirm=1": None}


def test_what_the_database_cannot_store_is_replaced(web, scripted_model):
    scripted_model.judge = plays(
        search("qu\0ill"), read(), report(value="\0", hours_until_next_visit=5), topic="Qu\0ill"
    )

    answer = ask(web)

    for kept in (answer.state, answer.activity, answer.evidence, answer.topic):
        assert "\\u0000" not in json.dumps(kept)


@pytest.mark.parametrize("hours", ["1e999", "-1", "0", "NaN"])
def test_a_plan_with_an_impossible_interval_is_no_plan(web, scripted_model, hours):
    rest = {name: value for name, value in PLAN.items() if name != "hours_between_visits"}
    text = f'{json.dumps(rest)[:-1]}, "hours_between_visits": {hours}}}'
    scripted_model.judge = lambda _: calls(("plan", text))

    with pytest.raises(AskFailed) as failure:
        ask(web)

    assert failure.value.kind == FailureKind.AGENT_ERROR


@pytest.mark.parametrize("usage", [(3000, 50), None])
def test_pages_that_are_all_links_do_not_use_up_the_tokens(web, scripted_model, usage):
    links = "".join(
        f'<a href="http://news.example/{n}/{"x" * 1900}">{"y" * 300} {n}</a>' for n in range(60)
    )
    urls = [f"http://news.example/links-{n}" for n in range(3)]
    for url in urls:
        web.pages[url] = WebPage(f"<p>All links.</p>{links}")
    web.results["*"] = [{"url": url, "title": "Links", "snippet": ""} for url in urls]
    script = plays(search(), *map(read, urls), report(**NO))
    scripted_model.judge = lambda body: calls(*script(body).tools, usage=usage)

    answer = ask(web)

    assert not answer.condition_met
    longest = max(len(texts_in(body)) for body in scripted_model.requests)
    assert longest < 30_000


def test_a_quote_that_is_cut_from_a_denial_is_judged_with_the_denial(web, scripted_model):
    denial = f"It is not true that {SAYS[0].lower()}{SAYS[1:]}"
    web.pages[URL] = WebPage(f"<p>Rumours. {denial}</p>")
    scripted_model.judge = plays(search(), read(), report(), agrees=False)

    ask(web)

    assert denial in texts_in(scripted_model.requests[-1])
    assert tools_of(scripted_model.requests[-1]) == ["judge"]


def test_a_long_history_of_tellings_leaves_room_for_pages(web, scripted_model):
    scripted_model.judge = plays(search(), read(), report())
    first = ask(web)
    told = {**first.state["told"][0], "quotes": ["x" * 500] * 5, "spell": 3}
    before = replace(first, state={**first.state, "told": [told] * 50, "_looked": None})
    scripted_model.judge = plays(search(), read(), report(**NO))

    ask(web, before=before)

    assert max(len(texts_in(body)) for body in scripted_model.requests) < 30_000
