"""Which monitor takes a question, and what is loaded until one does."""

import pytest

from executions import monitors
from executions.monitors import (
    MONITORS,
    NO_MONITOR,
    Answer,
    AskFailed,
    BadQuestion,
    Question,
    check,
    monitor_for,
)
from executions.monitors.page import PageMonitor
from tests.support.asking import ask
from tests.support.factories import NOW
from tests.support.processes import fresh_python

PAGE = {"search_query": "https://shop.example/", "condition_description": "changes"}
OPINION = {"search_query": "Is it out yet?", "condition_description": "changes"}


class Oracle:
    """Takes what is asked with a question mark, pages or not."""

    def takes(self, *, search_query, condition_description):
        return search_query.endswith("?")

    def check(self, *, search_query, condition_description, networks):
        if len(search_query) < 5:
            raise BadQuestion({"search_query": "Ask for more."})

    async def ask(self, question, *, sessions):
        return Answer(
            condition_met=True, notification="Yes.", evidence="Seen.", confidence=50, state={}
        )


def question(search_query: str, condition_description: str = "changes") -> Question:
    return Question(
        search_query=search_query,
        condition_description=condition_description,
        last_known_state=None,
        asked_at=NOW,
    )


@pytest.fixture
def oracle_first(monkeypatch) -> None:
    monkeypatch.setattr(monitors, "MONITORS", {"oracle": f"{__name__}.Oracle", **MONITORS})


def test_a_question_that_names_a_page_is_the_page_monitors():
    assert isinstance(monitor_for(**PAGE), PageMonitor)


@pytest.mark.parametrize("choose", [monitor_for, lambda **asked: check(**asked, networks=())])
def test_a_question_that_no_monitor_takes_is_refused(choose):
    with pytest.raises(BadQuestion) as refusal:
        choose(**OPINION)

    assert refusal.value.faults == {"search_query": NO_MONITOR}


def test_a_kept_question_that_no_monitor_takes_any_more_is_a_failure_of_the_user():
    with pytest.raises(AskFailed, match="Name the page to watch") as failure:
        ask(question("Is it out yet?"))

    assert failure.value.kind == "user_error"


@pytest.mark.parametrize(
    ("search_query", "kind"),
    [
        pytest.param("Is it out yet?", Oracle, id="one takes it"),
        pytest.param("https://shop.example/ ?", Oracle, id="two take it: the first"),
        pytest.param("https://shop.example/", PageMonitor, id="the last takes it"),
    ],
)
def test_the_first_monitor_that_takes_a_question_is_chosen(oracle_first, search_query, kind):
    chosen = monitor_for(search_query=search_query, condition_description="changes")

    assert type(chosen) is kind


def test_the_chosen_monitor_checks_and_asks(oracle_first):
    with pytest.raises(BadQuestion, match="Ask for more"):
        check(search_query="Is?", condition_description="", networks=())

    assert ask(question("Is it out yet?")).notification == "Yes."


def test_client_and_parsers_are_loaded_for_the_first_question_and_not_at_the_start():
    program = """
import sys, django
django.setup()
from executions import models, monitors
heavy = ["aiohttp", "anymail.urls", "httpx", "jsonpath", "lxml", "re2", "svix"]
print(*(name for name in heavy if name in sys.modules))
monitors.monitor_for(search_query="https://shop.example/", condition_description="")
print(*(name for name in heavy if name in sys.modules))
"""

    ended = fresh_python("-c", program, DJANGO_SETTINGS_MODULE="torale.settings")

    assert ended.stdout == "\naiohttp jsonpath lxml re2\n", ended.stderr


def test_web_processes_do_not_load_the_parsers_of_pages():
    program = """
import sys, django
django.setup()
import torale.urls
print(*(name for name in ["jsonpath", "lxml", "price_parser"] if name in sys.modules))
"""

    ended = fresh_python("-c", program, DJANGO_SETTINGS_MODULE="torale.settings")

    assert ended.stdout == "\n", ended.stderr


@pytest.mark.parametrize("model", ["", "openai:gpt-5-mini"])
def test_only_asking_loads_the_libraries_for_language_models(model):
    program = """
import sys, django
django.setup()
import torale.urls
from executions import monitors
from tasks.visits import drain
for query in ["When is the Quill 4 released?", "https://shop.example/ Is it cheap?"]:
    try:
        monitors.check(search_query=query, condition_description="It is so", networks=())
        print("accepted")
    except monitors.BadQuestion:
        print("refused")
print(*(name for name in ["anthropic", "openai", "pydantic_ai"] if name in sys.modules))
"""

    ended = fresh_python(
        "-c",
        program,
        DJANGO_SETTINGS_MODULE="torale.settings",
        TORALE_MODEL=model,
        TORALE_SEARCH="brave",
    )

    assert ended.stdout == ("accepted\n" if model else "refused\n") * 2 + "\n", ended.stderr
