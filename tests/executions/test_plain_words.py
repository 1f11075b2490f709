"""Which conditions about pages are rules, and which are plain words for the agent."""

import pytest

from executions.monitors import BadQuestion
from executions.monitors.agent import AgentMonitor
from executions.monitors.named_pages import MAX_PAGES
from executions.monitors.plain_words import is_rule

PAGE = "https://shop.example/quill"
RULES = [
    "",
    "  ",
    PAGE,
    "changes",
    "Changes",
    "page changes",
    'contains "In stock"',
    'CONTAINS "In stock"',
    "contains 'In stock'",
    "price < 500 EUR",
    "price <= 500",
    "price ≥ 500",
    'css(".price") exists',
    "css(.price) changes",
    "xpath(//h1) exists",
    "json ($.price) < 3",
    "not contains 'Sold out'",
    "matches /in stock/i",
    "The price is below 500 EUR",
]
#: They have a fault, of which the page monitor tells.
MEANT_AS_RULES = [
    'contains "In stock',
    "contains “In stock”",
    'contains „In stock"',
    "contains «In stock»",
    "contains stock",
    "contains",
    "page contains stock",
    "does not contain stock",
    "doesn't contain stock",
    "doesn’t contain stock",  # noqa: RUF001
    "does not match x",
    "matches in-stock",
    "exists",
    "exists h1",
    "change",
    "changes often",
    "prize < 500",
    "prize == 500",
    "prize != 500",
    "price is > 500",
    "XPath(//h1",
    "it says /in stock/ now",
]
PLAIN = [
    "the concert is no longer sold out",
    "It is in stock",
    "A new version was released",
    "contains a new article about bees or wasps",
    "changes of the opening hours are announced",
    "exists in a blue version that can be ordered",
    "the menu has fish and/or chips",
    "It's out",
    "the exchange rate changes",
    "a position in css or json is open",
]


@pytest.mark.parametrize("condition", RULES + MEANT_AS_RULES)
def test_a_rule_and_what_was_meant_as_one_is_not_for_the_agent(settings, condition):
    settings.TORALE_MODEL = "openai:gpt-5-mini"

    assert is_rule(condition, search_query=PAGE)
    assert not AgentMonitor().takes(search_query=PAGE, condition_description=condition)


@pytest.mark.parametrize("condition", PLAIN)
def test_plain_words_are_for_the_agent_if_there_is_a_model(settings, condition):
    settings.TORALE_MODEL, settings.TORALE_SEARCH = "openai:gpt-5-mini", ""
    asked = {"search_query": PAGE, "condition_description": condition}

    assert not is_rule(condition, search_query=PAGE)
    assert AgentMonitor().takes(**asked)
    settings.TORALE_MODEL = ""
    assert not AgentMonitor().takes(**asked)


@pytest.mark.parametrize("condition", ["", "When is it out?", 'contains "In stock"', "It is out"])
def test_a_question_without_a_page_needs_a_search_engine_and_a_model(settings, condition):
    asked = {"search_query": "When is it out?", "condition_description": condition}
    settings.TORALE_MODEL, settings.TORALE_SEARCH = "openai:gpt-5-mini", "brave"

    assert AgentMonitor().takes(**asked)
    settings.TORALE_SEARCH = ""
    assert not AgentMonitor().takes(**asked)
    settings.TORALE_MODEL, settings.TORALE_SEARCH = "", "brave"
    assert not AgentMonitor().takes(**asked)


@pytest.mark.parametrize(
    "query", ["Is it cheap? https://shop.example/{{ id }}", f"source:{PAGE} ?"]
)
def test_a_page_that_is_written_for_another_service_is_not_for_the_agent(settings, query):
    settings.TORALE_MODEL, settings.TORALE_SEARCH = "openai:gpt-5-mini", "brave"

    assert not AgentMonitor().takes(search_query=query, condition_description="It is cheap")


def check(query: str) -> None:
    AgentMonitor().check(search_query=query, condition_description="It is so", networks=())


def test_a_question_names_so_many_pages_and_no_more():
    pages = [f"https://shop{number}.example/" for number in range(MAX_PAGES + 1)]

    check(f"Is it cheap? {' '.join(pages[:MAX_PAGES])}")
    with pytest.raises(BadQuestion) as refusal:
        check(f"Is it cheap? {' '.join(pages)}")

    assert refusal.value.faults == {"search_query": "Name at most 5 pages, not 6."}


def test_a_page_in_a_private_network_is_refused():
    with pytest.raises(BadQuestion) as refusal:
        check("Is it cheap? http://127.0.0.1/")

    assert "127.0.0.1" in refusal.value.faults["search_query"]


def test_the_servers_of_a_question_are_named_once_each():
    query = f"Is it cheap? {PAGE} {PAGE}/2 https://other.example/"

    hosts = AgentMonitor().hosts(search_query=query)

    assert [host.partition(":")[0] for host in hosts] == ["shop.example", "other.example"]
