"""One visit of the agent: look, ask the model, ask it again for a second opinion, and decide.

1. Repeat the last visit's searches and pages. If all is as it was, the model is not asked.
2. Reserve in the user's budget what the visit may cost at most. After a crash, it stays reserved.
3. Ask the model: for a plan at the first visit, for its finding, and for a second opinion.
4. Book what it has cost, and decide.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.conf import settings
from pydantic_ai import Agent, ModelRetry, RunContext, Tool, ToolOutput
from pydantic_ai.tools import ToolDefinition

from executions import spending
from executions.failures import FailureKind
from executions.monitors.agent import prompt
from executions.monitors.agent.decide import (
    Claim,
    answer_of,
    claim_of,
    host_of,
    nothing_new,
    topic_of,
)
from executions.monitors.agent.faults import failure_of
from executions.monitors.agent.finding import Finding, Plan, SecondOpinion, ValueKind
from executions.monitors.agent.limits import Limits
from executions.monitors.agent.memory import Looked, Memory, what_is_asked
from executions.monitors.agent.metered import Metered
from executions.monitors.agent.models import MOST_OUTPUT_TOKENS, cost_of, open_model, worst_price
from executions.monitors.agent.search import SearchFailed
from executions.monitors.agent.tools import Tools
from executions.monitors.look import UNREAD
from executions.monitors.protocol import (
    Answer,
    AskFailed,
    FailedPage,
    Question,
    Sessions,
    Usage,
    joined,
)
from executions.spending import Cost
from torale.pool import in_thread

Output = TypeVar("Output", Plan, SecondOpinion)

#: How long the model's last answer is believed while the pages and searches stay as they were.
BELIEVED_FOR = timedelta(days=7)
#: After so many refused reports in a row, the model is not asked about the same pages again.
BELIEVED_AFTER = 3
#: How long a question waits after the budget did not allow a visit.
REFUSED_FOR = timedelta(hours=1)
#: Tokens that are kept for the second opinion: its question, five quotes and the reply.
OPINION_TOKENS = 3000
#: Tokens that one more page or search adds to the next request at most, in most languages.
STEP_TOKENS = 5000

#: The sentence stays the same from visit to visit, so that it can be counted.
TAINTED = (
    "{address} has text that is meant for language models, so the model is not shown it, and it is "
    "no evidence. The activity of the latest execution says what was seen."
)
BLIND = "The language model answered without looking at anything. It will be asked again."
TOO_LONG = "The question could not be answered within {seconds} s. It is asked again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a visit brought."""

    answer: Answer
    #: What it searched and read.
    tools: Tools


async def ask(question: Question, *, sessions: Sessions, progress: Callable[[str], None]) -> Visit:
    """Return what one visit finds.

    Args:
        question: what to ask.
        sessions: the connections to other people's servers.
        progress: called with a sentence for each step.

    Raises:
        AskFailed: there is no answer; the message says why.
    """
    started = time.monotonic()
    seconds = settings.TORALE_AGENT_SECONDS
    limit = asyncio.timeout(seconds)
    memory = Memory.of(question)
    tools = Tools(
        question=question,
        sessions=sessions,
        boundary=secrets.token_hex(8),
        ends_at=started + seconds,
        is_private=bool(question.context or question.request_headers or memory.quotes),
        progress=progress,
    )
    try:
        async with limit:
            if memory.plan and await _is_as_it_was(tools, memory, memory.plan):
                answer = nothing_new(
                    question=question,
                    plan=memory.plan,
                    memory=memory,
                    pages=tools.pages,
                    limits=Limits.of_settings(),
                )
            else:
                async with _paid(question) as model:
                    answer = await _answered(tools, memory, model)
                answer = replace(answer, usage=_usage(model, started))
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise AskFailed(FailureKind.TIMEOUT, TOO_LONG.format(seconds=seconds)) from error
    return Visit(answer=_with_what_was_done(answer, tools), tools=tools)


async def _is_as_it_was(tools: Tools, memory: Memory, plan: Plan) -> bool:
    """Look at all that the last visit looked at; return whether nothing has changed."""
    last = memory.looked
    question = tools.question
    if (
        last is None
        or not (last.pages or last.searches)
        or not {*tools.named} <= last.pages.keys()
        or 0 < memory.refused_count < BELIEVED_AFTER
        or plan.depends_on_time
        or plan.value_kind is ValueKind.DATE
        or last.asked != what_is_asked(question)
        or question.asked_at - last.at > BELIEVED_FOR
    ):
        return False
    await _look_at_all(tools, last.pages, last.searches)
    return tools.digests() == (last.searches, last.pages)


async def _look_at_all(tools: Tools, pages: Iterable[str], searches: Iterable[str] = ()) -> None:
    """Read pages and search, side by side; what fails is kept by the tools."""
    looks = [*map(tools.look_at, pages), *map(tools.find, searches)]
    for result in await asyncio.gather(*looks, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, AskFailed | SearchFailed):
            raise result


@asynccontextmanager
async def _paid(question: Question) -> AsyncIterator[Metered]:
    """Open the model for one visit, whose cost is booked for its asker, if there is one.

    Raises:
        AskFailed: the budget of the month is used up, or the model cannot be used.
    """
    try:
        async with open_model(timeout_s=_request_s()) as opened:
            model = Metered(
                opened,
                most_tokens=settings.TORALE_AGENT_TOKENS,
                most_requests=settings.TORALE_AGENT_REQUESTS,
            )
            if not question.asker:
                yield model
                return
            reserve = partial(spending.reserve, user_id=question.asker, worst=_worst())
            # A visit that is cancelled meanwhile waits for the booking, or it would stay.
            reserving = asyncio.ensure_future(in_thread(reserve))
            try:
                await asyncio.shield(reserving)
                yield model
            finally:
                settle = partial(spending.settle, await reserving, actual=_cost(model))
                await asyncio.shield(in_thread(settle))
    except spending.OverBudget as error:
        # No retry comes before that, and so soon after an operator has raised the budget.
        again_at = min(error.ends_at, question.asked_at + REFUSED_FOR)
        raise AskFailed(FailureKind.AGENT_ERROR, str(error), retry_after=again_at) from error
    except (AskFailed, TimeoutError):
        raise
    except Exception as error:
        raise failure_of(error, now=question.asked_at) from error


def _request_s() -> float:
    """Return how many seconds one request may take: half of the visit if there is a fallback."""
    seconds: int = settings.TORALE_AGENT_SECONDS
    return seconds / 2 if settings.TORALE_FALLBACK_MODEL else seconds


async def _answered(tools: Tools, memory: Memory, model: Metered) -> Answer:
    """Ask the model and decide."""
    question, limits = tools.question, Limits.of_settings()
    plan = memory.plan or await _planned(question, model)
    tools.progress(f"Plan: {topic_of(plan)}; look every {plan.hours_between_visits:g} hours")
    await _look_at_all(tools, tools.named)
    claim = await _claimed(tools, plan, memory, model, limits)
    _raise_if_blind(tools)
    second = None
    if claim.is_worth_asking:
        tools.progress("Ask for a second opinion")
        second = await _second_opinion(question, claim, model, boundary=tools.boundary)
    searches, pages = tools.digests(only_used=True)
    looked = Looked(
        at=question.asked_at, asked=what_is_asked(question), searches=searches, pages=pages
    )
    return answer_of(
        claim,
        second,
        question=question,
        plan=plan,
        memory=memory.model_copy(update={"plan": plan}),
        pages=tools.pages,
        # What failed may say something new when it works again.
        looked=None if tools.search_failures else looked,
        limits=limits,
    )


async def _planned(question: Question, model: Metered) -> Plan:
    asked = prompt.plan_prompt(question)
    return await _called(Plan, "plan", model=model, instructions=prompt.PLAN, asked=asked)


async def _claimed(
    tools: Tools, plan: Plan, memory: Memory, model: Metered, limits: Limits
) -> Claim:
    """Return what the model claims after it has looked around."""

    def claim(finding: Finding) -> Claim:
        return claim_of(finding, plan=plan, memory=memory, pages=tools.pages, limits=limits)

    def may_go_on() -> bool:
        """Return whether there is enough left to look further, answer, and be judged."""
        needed = model.last_input_tokens + STEP_TOKENS + MOST_OUTPUT_TOKENS + OPINION_TOKENS
        return model.requests_left > 2 and model.tokens_left > needed  # noqa: PLR2004 - see above

    async def if_it_may(_: RunContext[None], tool: ToolDefinition) -> ToolDefinition | None:
        return tool if may_go_on() and tools.is_time_left() else None

    async def checked(context: RunContext[None], finding: Finding) -> Finding:
        """Let the model mend its report once, if it is not sound."""
        checks = claim(finding)
        if finding.holds and not checks.is_sound and not context.retry and may_go_on():
            failed = checks.evidence if not checks.evidence.passed else checks.closed_form
            raise ModelRetry(
                f"{failed.text} Quote what stands on a page that you have read, copied exactly, "
                "and choose a value that stands in a quote, or null. If you cannot, report that "
                "the condition does not hold, or how certain you are."
            )
        return finding

    tools.may_go_on = may_go_on
    agent = Agent(
        model,
        output_type=ToolOutput(Finding, name="report"),
        instructions=prompt.VISIT,
        tools=[Tool(tools.search, prepare=if_it_may), Tool(tools.read, prepare=if_it_may)],
        retries={"tools": 2, "output": 2},
        end_strategy="early",
    )
    agent.output_validator(checked)
    named = [tools.pages[url] for url in tools.named if url in tools.pages]
    asked = prompt.visit_prompt(tools.question, plan, memory, named, boundary=tools.boundary)
    return claim((await agent.run(asked)).output)


async def _second_opinion(
    question: Question, claim: Claim, model: Metered, *, boundary: str
) -> SecondOpinion:
    quotes = [(text, host_of(page.answered), page.published) for text, page in claim.quotes]
    asked = prompt.judge_prompt(question, claim.value, quotes, boundary=boundary)
    return await _called(
        SecondOpinion, "judge", model=model, instructions=prompt.JUDGE, asked=asked
    )


async def _called(
    output: type[Output], name: str, *, model: Metered, instructions: str, asked: str
) -> Output:
    """Ask a model that can only call one tool, and return what it calls the tool with.

    Args:
        output: the tool's arguments.
        name: the tool's name.
        model: the model.
        instructions: what it is to do.
        asked: what it is asked.
    """
    agent = Agent(
        model,
        output_type=ToolOutput(output, name=name),
        instructions=instructions,
        retries=1,
    )
    return (await agent.run(asked)).output


def _raise_if_blind(tools: Tools) -> None:
    """Refuse an answer of a model that has looked at nothing: it would be a guess.

    Raises:
        AskFailed: every page and every search failed, or there was none.
    """
    if tools.pages:
        return
    if tools.failures:
        raise joined([*tools.failures.values()])
    if tools.search_failures and not tools.searches:
        failure = tools.search_failures[-1]
        raise AskFailed(failure.kind, str(failure))
    if not tools.searches:
        raise AskFailed(FailureKind.AGENT_ERROR, BLIND)


def _with_what_was_done(answer: Answer, tools: Tools) -> Answer:
    """Return the answer with all steps, and with what could not be read."""
    return replace(
        answer,
        activity=[*tools.activity, *answer.activity],
        failed_pages=[
            FailedPage(url=url, error=str(failure)) for url, failure in tools.failures.items()
        ],
        warnings=[
            *answer.warnings,
            *(UNREAD.format(address=url) for url in tools.named if url in tools.failures),
            *(
                TAINTED.format(address=url)
                for url in tools.named
                if url in tools.pages and tools.pages[url].taint
            ),
        ],
    )


def _worst() -> Cost:
    """Return what a visit may cost at most."""
    tokens, price = settings.TORALE_AGENT_TOKENS, worst_price()
    return Cost(tokens=tokens, usd=None if price is None else price * tokens)


def _cost(model: Metered) -> Cost:
    """Return what a visit has cost. What got no reply counts as the dearest tokens."""
    usd, price = cost_of(model.responses), worst_price()
    if model.lost_tokens:
        usd = None if usd is None or price is None else usd + price * model.lost_tokens
    return Cost(tokens=model.input_tokens + model.output_tokens, usd=usd)


def _usage(model: Metered, started: float) -> Usage:
    usd = _cost(model).usd
    return Usage(
        model=", ".join(model.models),
        requests=model.requests,
        input_tokens=model.input_tokens,
        output_tokens=model.output_tokens,
        cost_usd=None if usd is None else float(usd),
        seconds=round(time.monotonic() - started, 1),
    )
