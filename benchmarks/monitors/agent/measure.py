"""Ask the agent what the cases ask, visit by visit, and compare what it tells.

The real path is asked: the agent searches and reads a small internet on this machine, and asks a
model or a replay. What an execution and the database do besides is imitated here: they keep the
state, tell no claim twice, and end a task that is completed.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.test import override_settings

from benchmarks.monitors.agent.case import Case, Said, Step
from benchmarks.monitors.agent.replay import Replay
from executions.monitors import Answer, AskFailed, Question
from executions.monitors.agent import AgentMonitor
from executions.monitors.agent.decide import NOT_TRUE
from executions.monitors.agent.finding import ValueKind
from executions.monitors.agent.values import NotInForm, value_in
from executions.pages.normal_form import folded
from tests.support.small_web import SEARCH_URL, SmallWeb, WebPage

#: How many cases are asked at once of a model. A replay answers one after the other.
AT_ONCE = 4
#: What is noted for a visit that was not made, as the task had been completed before.
COMPLETED = "not visited: the task was completed before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """One visit: what came of it, and what should have."""

    group: str
    case: str
    #: Counted from 1.
    number: int
    #: Whether the owner had to be told.
    is_due: bool
    is_told: bool
    #: Whether a telling was due, and what was told was right.
    is_right: bool
    #: Whether what had been told, and still held, was told once more.
    is_repeat: bool = False
    #: Whether the task was visited at all; it is not after it was completed.
    is_made: bool = True
    #: How many quotes were told, and how many of them may stand.
    quote_count: int = 0
    allowed_quote_count: int = 0
    #: How certain the model was of what it found, in percent; None if it was not asked.
    confidence: int | None = None
    #: Whether it was right about the condition.
    is_finding_right: bool = False
    #: The first check that was not passed although the model said that the condition is true.
    stopped_by: str = ""
    #: The kind of failure; empty if there was an answer.
    failure: str = ""
    tokens: int = 0
    requests: int = 0
    #: In US dollars; None if the price is not known.
    cost_usd: float | None = None
    seconds: float = 0.0
    #: What is wrong with the replayed answer of this visit.
    mistake: str = ""
    #: Whether the replayed answer says that the condition is true, and whether that, with its value
    #: and quotes, should have been told.
    is_claimed: bool = False
    is_claim_right: bool = False
    #: What was told or found, as a sentence.
    text: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something was told that should not have been."""
        return self.is_told and not self.is_right

    @property
    def is_missed(self) -> bool:
        """Whether what should have been told was not."""
        return self.is_due and not self.is_right


async def measure(cases: Sequence[Case], *, replay: Replay | None) -> list[Visited]:
    """Ask the cases and return their visits.

    Args:
        cases: what to ask.
        replay: what answers in the place of the model of the settings; None asks the model.
    """
    turns = asyncio.Semaphore(1 if replay else AT_ONCE)

    async def ask(case: Case) -> list[Visited]:
        async with turns:
            return await _ask(case, replay)

    with override_settings(TORALE_SEARCH=f"searxng+{SEARCH_URL}"):
        visited = await asyncio.gather(*map(ask, cases))
    return [one for visits in visited for one in visits]


async def _ask(case: Case, replay: Replay | None) -> list[Visited]:
    web = SmallWeb()
    try:
        async with web.sessions() as sessions:
            asking = _Asking(case, web, sessions)
            visits = []
            for number, step in enumerate(case.steps):
                said = case.said[number] if replay else None
                if replay:
                    replay.begin(case, number)
                visits.append(await asking.visit(number, step, said))
            return visits
    finally:
        web.close()


class _Asking:
    """A task's visits: what was remembered is carried from one to the next, as JSON."""

    def __init__(self, case: Case, web: SmallWeb, sessions: Any) -> None:
        self._case = case
        self._web = web
        self._sessions = sessions
        self._monitor = AgentMonitor()
        self._state: dict[str, Any] | None = None
        #: The claims that were told: the database allows each only once.
        self._told: set[str] = set()
        self._is_completed = False

    async def visit(self, number: int, step: Step, said: Said | None) -> Visited:
        base: dict[str, Any] = {
            "group": self._case.group,
            "case": self._case.name,
            "number": number + 1,
            "is_due": step.is_due,
            "is_told": False,
            "is_right": False,
        }
        if self._is_completed:
            return Visited(**base, is_made=False, text=COMPLETED)
        if said:
            base.update(_claimed(self._case, step, said))
        try:
            answer = await self._answer(step)
        except AskFailed as failure:
            return Visited(**base, failure=failure.kind.value, text=str(failure))
        was_told = bool(self._told)
        is_told = answer.condition_met and answer.claim not in self._told
        if is_told:
            self._told.add(answer.claim or "")
            self._is_completed = answer.completes
            base.update(_judged(self._case, step, answer, was_told=was_told))
        return Visited(**base, **_found(step, answer), **_cost(answer))

    async def _answer(self, step: Step) -> Answer:
        self._web.pages = {
            url: WebPage(page.text, status=page.status) for url, page in step.pages.items()
        }
        self._web.results = {"*": [dict(result) for result in step.results]}
        question = Question(
            search_query=self._case.question,
            condition_description=self._case.condition,
            last_known_state=self._state,
            asked_at=step.at,
            context=self._case.context,
        )
        answer = await self._monitor.ask(question, sessions=self._sessions)
        self._state = json.loads(json.dumps(answer.state))
        return answer


def _judged(case: Case, step: Step, answer: Answer, *, was_told: bool) -> dict[str, Any]:
    """Return whether what was told is right."""
    told = answer.state["told"][-1]
    allowed = [quote for quote in told["quotes"] if _may_stand(quote, step)]
    # Where no value is told, the quotes say it.
    is_value_right = _is_value_right(case, step, told["key"]) if told["shown"] else bool(allowed)
    return {
        "is_told": True,
        "is_right": step.is_due and (is_value_right or not step.values),
        "is_repeat": was_told and step.holds and not step.is_due,
        "quote_count": len(told["quotes"]),
        "allowed_quote_count": len(allowed),
    }


def _claimed(case: Case, step: Step, said: Said) -> dict[str, Any]:
    """Return what the first report of a replay says, as if nothing checked it."""
    report = said.report
    is_quoted = any(_may_stand(quote["text"], step) for quote in report["quotes"])
    is_value_right = not step.values or _is_value_right(case, step, report["value"] or "")
    return {
        "mistake": said.mistake,
        "is_claimed": report["holds"],
        "is_claim_right": report["holds"] and step.is_due and is_quoted and is_value_right,
    }


def _may_stand(quote: str, step: Step) -> bool:
    """Return whether a quote is one of those allowed, more than one, or a part of one."""
    said = folded(quote)
    return any(said in each or each in said for each in map(folded, step.quotes))


def _is_value_right(case: Case, step: Step, written: str) -> bool:
    kind = ValueKind(case.value)
    try:
        value = value_in(kind, written)
        right = [value_in(kind, each) for each in step.values]
    except NotInForm:  # the model has planned for another kind
        return False
    if kind is ValueKind.NAME:
        return any(value.key in each.key or each.key in value.key for each in right)
    return value.key in [each.key for each in right]


def _found(step: Step, answer: Answer) -> dict[str, Any]:
    """Return what the model said of the condition, and what it told or why not."""
    text = answer.notification or answer.evidence
    if answer.usage is None:
        return {"text": text}
    says = not answer.evidence.startswith(NOT_TRUE)
    failed = [step["name"] for step in answer.activity if step.get("passed") is False]
    return {
        "text": text,
        "confidence": answer.confidence,
        "is_finding_right": says is step.holds,
        "stopped_by": failed[0] if says and failed else "",
    }


def _cost(answer: Answer) -> dict[str, Any]:
    usage = answer.usage
    if usage is None:
        return {"cost_usd": 0.0}
    return {
        "tokens": usage.input_tokens + usage.output_tokens,
        "requests": usage.requests,
        "cost_usd": usage.cost_usd,
        "seconds": usage.seconds,
    }
