"""Each failure of a model has its kind and a sentence for the task's owner."""

import asyncio
import json
import threading
from datetime import timedelta
from typing import Any, cast

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, ToolOutput, UsageLimits
from pydantic_ai.exceptions import UserError

from executions.failures import FailureKind
from executions.monitors.agent.faults import failure_of
from executions.monitors.agent.metered import Metered
from executions.monitors.agent.models import ModelMisconfigured, open_model
from executions.monitors.protocol import AskFailed
from tests.support.factories import NOW
from tests.support.processes import free_port
from tests.support.scripted_model import (
    Reply,
    ScriptedModel,
    breaks_off,
    calls,
    fails,
    raw,
    refuses,
    says,
    stalls,
)

#: Whether the replies are streamed.
both_ways = pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])


class Finding(BaseModel):
    holds: bool


async def asked(
    *, is_streamed: bool, timeout_s: float = 30, most_tokens: int = 60_000, **options: Any
) -> Any:
    """Ask the model of the settings, as an agent with a tool and a tool for its answer."""
    async with open_model(timeout_s=timeout_s) as opened:
        model = Metered(opened, most_tokens=most_tokens, most_requests=8)
        agent: Agent[None, Finding] = Agent(model, output_type=ToolOutput(Finding, name="report"))

        @agent.tool_plain
        def search(query: str) -> str:
            return f"Nothing about {query}."

        if not is_streamed:
            return cast(Finding, (await agent.run("Is it so?", **options)).output)
        async with agent.run_stream("Is it so?", **options) as result:
            return cast(Finding, await result.get_output())


def failure(**options: Any) -> AskFailed:
    """Return the failure that a run ends with."""
    try:
        answer = asyncio.run(asked(**options))
    except Exception as error:  # noqa: BLE001 - failure_of refuses those that it must not take
        return failure_of(error, now=NOW)
    raise AssertionError(f"the model answered: {answer}")


EMPTY = {"id": "1", "object": "chat.completion", "created": 0, "model": "scripted"}


def completion(**fields: Any) -> Reply:
    return raw(json.dumps({**EMPTY, **fields}).encode())


AGAIN = "It will be asked again."
UNUSABLE = f"The language model gave no usable answer. {AGAIN}"
#: What the model says: the kind of the failure, and what the owner is told.
ROWS: dict[str, tuple[Reply, FailureKind, str]] = {
    "rate limit": (
        fails(429, {"message": "slow down"}),
        FailureKind.RATE_LIMIT,
        f"The language model scripted refuses more requests for now. {AGAIN}",
    ),
    "quota": (
        fails(429, {"message": "no money", "code": "insufficient_quota"}),
        FailureKind.SYSTEM_ERROR,
        (
            "The account with the provider of the language model scripted has no credit left. The "
            "operator must add some, or set another TORALE_MODEL."
        ),
    ),
    "500": (
        fails(500),
        FailureKind.NETWORK,
        f"The server of the language model scripted failed (status 500). {AGAIN}",
    ),
    "503": (
        fails(503),
        FailureKind.NETWORK,
        f"The server of the language model scripted is not available (status 503). {AGAIN}",
    ),
    "broken off": (
        breaks_off(),
        FailureKind.NETWORK,
        f"The server of the language model scripted could not be reached, or broke off. {AGAIN}",
    ),
    "401": (
        fails(401, {"message": "Incorrect API key provided: sk-secret"}),
        FailureKind.SYSTEM_ERROR,
        (
            "The provider of the language model scripted refuses the key (status 401). The "
            "operator must set a valid one."
        ),
    ),
    "404": (
        fails(404),
        FailureKind.SYSTEM_ERROR,
        (
            "The language model scripted was not found (status 404). The operator must correct its "
            "name, or TORALE_MODEL_URL."
        ),
    ),
    "400": (
        fails(400, {"message": "this model does not support tools"}),
        FailureKind.SYSTEM_ERROR,
        (
            "The provider of the language model scripted does not accept our requests (status "
            "400). The operator must set a model that can call tools."
        ),
    ),
    "context": (
        fails(400, {"message": "maximum context length", "code": "context_length_exceeded"}),
        FailureKind.AGENT_ERROR,
        f"What was read is too long for the language model scripted. {AGAIN}",
    ),
    "refusal": (
        refuses("I cannot help with that."),
        FailureKind.AGENT_ERROR,
        f"The language model refused to answer. {AGAIN}",
    ),
    "content filter": (
        says("", finish="content_filter"),
        FailureKind.AGENT_ERROR,
        f"The language model refused to answer. {AGAIN}",
    ),
    "cut off": (
        says("", finish="length"),
        FailureKind.AGENT_ERROR,
        f"The language model's answer was too long, and was cut off. {AGAIN}",
    ),
    "no answer by the tool": (says("It may be so."), FailureKind.AGENT_ERROR, UNUSABLE),
    "nothing": (says(""), FailureKind.AGENT_ERROR, UNUSABLE),
    "another type": (calls(("report", {"holds": "perhaps"})), FailureKind.AGENT_ERROR, UNUSABLE),
    "no JSON in a call": (calls(("report", "{nope")), FailureKind.AGENT_ERROR, UNUSABLE),
    "unknown tool": (calls(("shell", {"run": "ls"})), FailureKind.AGENT_ERROR, UNUSABLE),
    "HTML": (
        raw(b"<html>Welcome to nginx</html>", content_type="text/html"),
        FailureKind.AGENT_ERROR,
        UNUSABLE,
    ),
    "no JSON": (raw(b"{nope"), FailureKind.AGENT_ERROR, UNUSABLE),
    "no choices": (completion(choices=[]), FailureKind.AGENT_ERROR, UNUSABLE),
    "choices are null": (completion(choices=None), FailureKind.AGENT_ERROR, UNUSABLE),
    "no message": (completion(choices=[{"index": 0}]), FailureKind.AGENT_ERROR, UNUSABLE),
    "a list": (raw(b"[]"), FailureKind.AGENT_ERROR, UNUSABLE),
    "a number": (raw(b"7"), FailureKind.AGENT_ERROR, UNUSABLE),
}


@both_ways
@pytest.mark.parametrize(("reply", "kind", "sentence"), ROWS.values(), ids=ROWS)
def test_each_failure_has_its_kind_and_sentence(
    scripted_model: ScriptedModel, reply, kind, sentence, is_streamed
):
    scripted_model.answers = [reply]

    failed = failure(is_streamed=is_streamed)

    assert (failed.kind, str(failed), failed.retry_after) == (kind, sentence, None)


def test_a_call_of_a_tool_may_be_cut_off(scripted_model):
    scripted_model.answers = [Reply(tools=[("report", '{"hol')], finish="length")]

    failed = failure(is_streamed=False)

    assert "too long, and was cut off" in str(failed)


@both_ways
def test_a_server_that_is_down_is_a_failure_of_the_network(settings, is_streamed):
    settings.TORALE_MODEL = "openai-chat:scripted"
    settings.TORALE_MODEL_URL = f"http://127.0.0.1:{free_port()}/v1"

    failed = failure(is_streamed=is_streamed)

    assert failed.kind is FailureKind.NETWORK


@both_ways
def test_a_model_that_stalls_runs_out_of_time(scripted_model, is_streamed):
    scripted_model.answers = [stalls(threading.Event())]

    failed = failure(is_streamed=is_streamed, timeout_s=0.2)

    assert failed.kind is FailureKind.TIMEOUT
    assert str(failed) == f"The language model scripted did not answer in time. {AGAIN}"


def test_a_run_that_takes_too_long_runs_out_of_time(scripted_model):
    scripted_model.answers = [stalls(threading.Event())]

    failed = failure(is_streamed=False, timeout=0.2)

    assert failed.kind is FailureKind.TIMEOUT
    assert str(failed) == f"The language model did not finish in time. {AGAIN}"


@both_ways
def test_limits_end_a_run_without_an_answer(scripted_model, is_streamed):
    scripted_model.answers = [calls(("search", {"query": "bread"}))]

    limited = failure(is_streamed=is_streamed, usage_limits=UsageLimits(request_limit=2))
    metered = failure(is_streamed=is_streamed, most_tokens=2_500)

    assert limited.kind is metered.kind is FailureKind.AGENT_ERROR
    assert "within the limits of a visit" in str(limited)
    assert str(limited) == str(metered)


@both_ways
@pytest.mark.parametrize(
    ("header", "wait"), [("30", timedelta(seconds=30)), ("9000000", timedelta(days=1))]
)
def test_a_model_is_left_alone_for_as_long_as_it_says_but_not_for_weeks(
    scripted_model, header, wait, is_streamed
):
    scripted_model.answers = [fails(429, headers={"Retry-After": header})]

    failed = failure(is_streamed=is_streamed)

    assert failed.retry_after == NOW + wait


@both_ways
def test_of_two_failures_the_one_that_is_retried_more_often_counts(
    scripted_model, settings, monkeypatch, is_streamed
):
    fallback = ScriptedModel()
    monkeypatch.setenv("OLLAMA_BASE_URL", fallback.url)
    settings.TORALE_FALLBACK_MODEL = "ollama:second"
    scripted_model.answers = [fails(401)]
    fallback.answers = [fails(503)]

    failed = failure(is_streamed=is_streamed)
    fallback.close()

    assert failed.kind is FailureKind.NETWORK
    assert "scripted refuses the key (status 401)" in str(failed)
    assert "second is not available (status 503)" in str(failed)


@both_ways
def test_models_are_left_alone_until_one_of_them_answers_again(
    scripted_model, settings, monkeypatch, is_streamed
):
    fallback = ScriptedModel()
    monkeypatch.setenv("OLLAMA_BASE_URL", fallback.url)
    settings.TORALE_FALLBACK_MODEL = "ollama:second"
    scripted_model.answers = [fails(429, headers={"Retry-After": "3600"})]
    fallback.answers = [fails(429, headers={"Retry-After": "60"})]

    failed = failure(is_streamed=is_streamed)
    fallback.close()

    assert failed.kind is FailureKind.RATE_LIMIT
    assert failed.retry_after == NOW + timedelta(seconds=60)


def test_the_operator_is_told_which_setting_is_wrong():
    failed = failure_of(ModelMisconfigured("TORALE_MODEL is empty."), now=NOW)

    assert failed.kind is FailureKind.SYSTEM_ERROR
    assert str(failed) == "The operator must correct a setting. TORALE_MODEL is empty."


@pytest.mark.parametrize("bug", [IndexError(), ValueError(), UserError("a bug"), KeyError("tool")])
def test_our_own_bugs_are_no_failures_of_the_model(bug):
    with pytest.raises(TypeError):
        failure_of(bug, now=NOW)
