"""The model of the settings: where it is asked, how often, what it costs, and what is counted."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.exceptions import FallbackExceptionGroup, ModelAPIError
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart
from pydantic_ai.usage import RequestUsage

from executions.monitors.agent import models
from executions.monitors.agent.metered import Metered, OutOfTokens
from executions.monitors.agent.models import (
    MOST_OUTPUT_TOKENS,
    ModelMisconfigured,
    cost_of,
    open_model,
    worst_price,
)
from tests.support.receivers import wait_for
from tests.support.scripted_model import ScriptedModel, breaks_off, calls, fails, says

both_ways = pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])

CHEAP, DEAR = "openai:gpt-5-mini", "anthropic:claude-haiku-4-5"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    models._worst_price.cache_clear()


@pytest.fixture
def fallback(settings, monkeypatch):
    """Start a second model, which is the fallback."""
    model = ScriptedModel()
    monkeypatch.setenv("OLLAMA_BASE_URL", model.url)
    settings.TORALE_FALLBACK_MODEL = "ollama:second"
    yield model
    model.close()


@pytest.fixture
def known(settings, monkeypatch):
    """Name a model whose price is known."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    settings.TORALE_MODEL = CHEAP
    settings.TORALE_MODEL_URL = settings.TORALE_FALLBACK_MODEL = ""


async def ask(*questions: str, is_streamed: bool = False, **limits: int) -> Metered:
    """Ask the model of the settings some questions, each in a run of its own."""
    async with open_model(timeout_s=30) as opened:
        metered = Metered(opened, **{"most_tokens": 60_000, "most_requests": 8} | limits)
        for question in questions or ("Is it so?",):
            agent = Agent(metered)
            agent.tool_plain(search)
            if is_streamed:
                async with agent.run_stream(question) as result:
                    await result.get_output()
            else:
                await agent.run(question)
        return metered


def search(query: str) -> str:
    return f"Nothing about {query}."


def counted(metered: Metered) -> tuple[int, int, int]:
    return metered.requests, metered.input_tokens, metered.output_tokens


# --- Where it is asked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("openai-chat:scripted", "scripted"),
        ("openai:scripted", "scripted"),
        ("scripted", "scripted"),
        ("llama3:8b", "llama3:8b"),
    ],
)
def test_a_server_of_ones_own_is_asked_by_the_models_name(scripted_model, settings, name, asked):
    settings.TORALE_MODEL = name

    asyncio.run(ask())

    assert [body["model"] for body in scripted_model.requests] == [asked]


def test_a_server_of_ones_own_gets_the_key_if_there_is_one(scripted_model, monkeypatch):
    asyncio.run(ask())
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    asyncio.run(ask())

    sent = [headers["authorization"] for headers in scripted_model.headers]
    assert sent == ["Bearer api-key-not-set", "Bearer sk-test"]


@both_ways
def test_the_fallback_answers_at_its_own_address(scripted_model, fallback, is_streamed):
    scripted_model.answers = [fails(500)]

    metered = asyncio.run(ask(is_streamed=is_streamed))

    assert [body["model"] for body in fallback.requests] == ["second"]
    assert len(scripted_model.requests) == 1
    assert metered.models == ["second"]


@both_ways
def test_a_request_that_fails_is_not_repeated(scripted_model, fallback, is_streamed):
    scripted_model.answers = fallback.answers = [fails(503, headers={"Retry-After": "0"})]

    with pytest.raises(FallbackExceptionGroup):
        asyncio.run(ask(is_streamed=is_streamed))

    assert (len(scripted_model.requests), len(fallback.requests)) == (1, 1)


def test_a_reply_is_of_limited_length(scripted_model):
    asyncio.run(ask())

    assert MOST_OUTPUT_TOKENS in scripted_model.requests[0].values()


@both_ways
def test_connections_are_closed_at_the_end(scripted_model, fallback, is_streamed):
    scripted_model.answers = [fails(500)]

    asyncio.run(ask(is_streamed=is_streamed))

    wait_for(lambda: not scripted_model.connections and not fallback.connections)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "",
            (
                "TORALE_MODEL is ''. Set it to a model with its provider, such as "
                "openai:gpt-5-mini, or to none."
            ),
        ),
        (
            "test",
            (
                "TORALE_MODEL is 'test'. Set it to a model with its provider, such as "
                "openai:gpt-5-mini, or to none."
            ),
        ),
        (
            "nope:x",
            (
                "TORALE_MODEL is 'nope:x', which cannot be used. Unknown model: nope:x. The "
                "names are at https://pydantic.dev/docs/ai/models/"
            ),
        ),
        (
            CHEAP,
            (
                "TORALE_MODEL is 'openai:gpt-5-mini', which needs the environment variable "
                "OPENAI_API_KEY. Set it."
            ),
        ),
        (
            DEAR,
            (
                "TORALE_MODEL is 'anthropic:claude-haiku-4-5', which needs the environment "
                "variable ANTHROPIC_API_KEY. Set it."
            ),
        ),
        (
            "groq:x",
            (
                "TORALE_MODEL is 'groq:x', which needs a Python package that is not installed: pip "
                'install "pydantic-ai-slim[groq]"'
            ),
        ),
    ],
)
def test_a_setting_that_names_no_model_is_told(settings, name, said):
    settings.TORALE_MODEL, settings.TORALE_MODEL_URL = name, ""

    with pytest.raises(ModelMisconfigured) as refused:
        asyncio.run(ask())

    assert str(refused.value) == said


def test_a_fallback_that_cannot_be_used_is_told(scripted_model, settings):
    settings.TORALE_FALLBACK_MODEL = DEAR

    with pytest.raises(ModelMisconfigured, match="TORALE_FALLBACK_MODEL is 'anthropic:"):
        asyncio.run(ask())


# --- What it costs -----------------------------------------------------------------------------


def response(
    name: str = "gpt-5-mini", url: str = "https://api.openai.com/v1/", **usage: Any
) -> ModelResponse:
    return ModelResponse(
        [TextPart("Yes.")],
        usage=RequestUsage(**({"input_tokens": 1000, "output_tokens": 100} | usage)),
        model_name=name,
        provider_url=url,
        provider_name="openai",
        timestamp=datetime(2026, 6, 1, tzinfo=UTC),
    )


def test_the_worst_price_is_that_of_a_token_the_dearer_model_writes(known, settings):
    cheap = worst_price()
    settings.TORALE_FALLBACK_MODEL = DEAR
    both = worst_price()
    settings.TORALE_MODEL, settings.TORALE_FALLBACK_MODEL = DEAR, ""
    dear = worst_price()

    written = cost_of([response(input_tokens=0, output_tokens=1000)])
    assert written
    assert cheap
    assert cheap * 1000 == written
    assert cheap < both == dear  # type: ignore[operator] # None would fail the test


def test_the_price_at_an_address_of_ones_own_is_not_known(scripted_model, settings, known):
    settings.TORALE_MODEL_URL = scripted_model.url

    assert worst_price() is None


def test_the_price_at_the_address_of_a_providers_own_variable_is_not_known(known, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")

    assert worst_price() is None


def test_the_worst_price_is_not_known_if_the_fallbacks_is_not(known, fallback):
    assert worst_price() is None


def test_a_run_costs_what_its_replies_cost(known):
    reply = response()
    once = cost_of([reply])

    assert once
    assert once < Decimal("0.01")
    assert cost_of([ModelRequest([]), reply, ModelRequest([]), reply]) == 2 * once
    assert cost_of([]) == 0


@pytest.mark.parametrize(
    "unknown",
    [
        response(name="nobody-knows-me"),
        response(url="http://localhost:8000/v1"),
        response(unmeasured_requests=1),
    ],
    ids=["model", "address", "unmeasured"],
)
def test_the_cost_of_a_run_is_not_known_if_that_of_a_reply_is_not(unknown):
    assert cost_of([response(), unknown]) is None


def test_replies_of_a_server_of_ones_own_have_no_known_cost(scripted_model, settings):
    settings.TORALE_MODEL = CHEAP

    metered = asyncio.run(ask())

    assert len(metered.responses) == 1
    assert cost_of(metered.responses) is None


# --- What is counted ---------------------------------------------------------------------------


@both_ways
def test_all_runs_of_a_visit_are_counted_together(scripted_model, is_streamed):
    scripted_model.answers = [
        calls(("search", {"query": "bread"}), usage=(200, 30)),
        says("No.", usage=(300, 10)),
        says("Yes.", usage=(50, 5)),
    ]

    metered = asyncio.run(ask("first", "second", is_streamed=is_streamed))

    assert counted(metered) == (3, 550, 45)
    assert (metered.requests_left, metered.tokens_left) == (5, 60_000 - 595)
    assert metered.models == ["scripted"]


def test_models_are_named_once_in_the_order_in_which_they_answered(scripted_model, fallback):
    scripted_model.answers = [fails(500), says("Yes."), fails(500), says("Yes.")]

    metered = asyncio.run(ask("first", "second", "third", "fourth"))

    assert metered.models == ["second", "scripted"]
    assert metered.requests == 4


@both_ways
def test_tokens_are_estimated_if_the_server_does_not_count_them(scripted_model, is_streamed):
    scripted_model.answers = [says("b" * 300, usage=None)]

    metered = asyncio.run(ask("a" * 3000, is_streamed=is_streamed))

    # Besides the question, the request has the tool.
    assert 1000 < metered.input_tokens < 1200
    assert 100 <= metered.output_tokens < 120


def test_a_character_of_chinese_is_estimated_as_a_token(scripted_model):
    scripted_model.answers = [says("是" * 50, usage=None)]

    metered = asyncio.run(ask("麵" * 3000))

    assert 3000 < metered.input_tokens < 3200
    assert 50 <= metered.output_tokens < 70


def test_a_stream_that_breaks_off_is_counted(scripted_model):
    scripted_model.answers = [breaks_off()]

    async def broken() -> Metered:
        async with open_model(timeout_s=30) as opened:
            metered = Metered(opened, most_tokens=60_000, most_requests=8)
            with pytest.raises(ModelAPIError):
                async with Agent(metered).run_stream("a" * 3000) as result:
                    await result.get_output()
            return metered

    metered = asyncio.run(broken())

    assert metered.requests == 1
    assert metered.input_tokens >= 1000


@pytest.mark.parametrize(("reply", "is_counted"), [(breaks_off(), True), (fails(500), False)])
def test_what_was_sent_without_a_reply_is_counted_unless_it_was_refused(
    scripted_model, reply, is_counted
):
    scripted_model.answers = [reply]

    async def broken() -> Metered:
        async with open_model(timeout_s=30) as opened:
            metered = Metered(opened, most_tokens=60_000, most_requests=8)
            with pytest.raises(ModelAPIError):
                await Agent(metered).run("a" * 3000)
            return metered

    metered = asyncio.run(broken())

    assert metered.lost_tokens == metered.input_tokens
    assert (metered.input_tokens >= 1000) is is_counted


@both_ways
@pytest.mark.parametrize("usage", [(400, 50), None], ids=["counted", "estimated"])
def test_no_request_is_made_that_could_exceed_the_tokens(scripted_model, usage, is_streamed):
    query = {"query": "a" * 1200}
    scripted_model.answers = [calls(("search", query), usage=usage)]

    with pytest.raises(OutOfTokens, match="of 4000 tokens are left, but the next request may take"):
        asyncio.run(ask(is_streamed=is_streamed, most_tokens=4000))

    sent = sum(len(json.dumps(body["messages"])) for body in scripted_model.requests)
    assert 1 <= len(scripted_model.requests) < 8
    assert sent // 4 + MOST_OUTPUT_TOKENS < 4000


@both_ways
def test_no_request_is_made_after_the_last(scripted_model, is_streamed):
    scripted_model.answers = [calls(("search", {"query": "bread"}))]

    with pytest.raises(OutOfTokens, match="All 3 requests to the model were used"):
        asyncio.run(ask(is_streamed=is_streamed, most_requests=3))

    assert len(scripted_model.requests) == 3


def test_requests_that_fail_are_counted(scripted_model):
    scripted_model.answers = [fails(500)]

    async def failing() -> Metered:
        async with open_model(timeout_s=30) as opened:
            metered = Metered(opened, most_tokens=60_000, most_requests=8)
            with pytest.raises(ModelAPIError):
                await Agent(metered).run("Is it so?")
            return metered

    metered = asyncio.run(failing())

    assert counted(metered) == (1, 0, 0)
