"""Ask the page monitor what the cases ask, and count what it tells."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.monitors.case import Case, Expected, Served, Visit
from benchmarks.monitors.site import Site
from executions import monitors
from executions.monitors import Answer, AskFailed, BadQuestion, Question
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.outbound.url_check import networks_of

#: When the first visit of each case is; the next ones follow at INTERVAL.
BEGINNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
INTERVAL = timedelta(minutes=15)
#: How long after a tentative answer the second look follows.
SECOND_LOOK = timedelta(seconds=45)
#: How many cases are asked at once: the children that read pages are busy, and the rest waits.
AT_ONCE = 4


@dataclass(slots=True)
class Score:
    """What was told, and what should have been."""

    cases: int = 0
    #: Told, and should have been.
    right: int = 0
    #: Told, and should not have been; or told without a word that was asked for.
    wrong: int = 0
    #: Not told, but should have been; or told without a word that was asked for.
    missed: int = 0
    #: Good pages that were refused as unreadable, or as no page.
    refused: int = 0
    #: Pages that are no page: all, and those of which an error says what they are.
    no_pages: int = 0
    no_pages_named: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @classmethod
    def sum(cls, scores: Iterable["Score"]) -> "Score":
        rows = (astuple(score) for score in scores)
        return cls(*(sum(column) for column in zip(*rows, strict=True)))


@dataclass(slots=True)
class Report:
    """The scores by group and in all, and a line for each wrong visit."""

    groups: dict[str, Score] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def total(self) -> Score:
        return Score.sum(self.groups.values())

    def table(self) -> str:
        rows = [*sorted(self.groups.items()), ("all", self.total)]
        head = f"{'group':12}{'cases':>6}{'precision':>11}{'recall':>8}{'right':>7}{'wrong':>7}"
        head += f"{'missed':>8}{'refused':>9}   no page, named"
        lines = [
            f"{name:12}{one.cases:6}{one.precision:11.3f}{one.recall:8.3f}{one.right:7}{one.wrong:7}"
            f"{one.missed:8}{one.refused:9}   {one.no_pages_named}/{one.no_pages}"
            for name, one in rows
        ]
        return "\n".join([head, *lines])


async def measure(cases: Mapping[str, Iterable[Case]]) -> Report:
    """Ask all cases, several at once, and return how well they were answered.

    Args:
        cases: the cases by group.
    """
    report = Report(groups={group: Score() for group in cases})
    turns = asyncio.Semaphore(AT_ONCE)

    async def judge(group: str, one: Case) -> list[str]:
        async with turns:
            return await _judge(one, report.groups[group])

    judged = [(group, one) for group, members in cases.items() for one in members]
    wrong = await asyncio.gather(*(judge(group, one) for group, one in judged))
    report.failures = [
        f"{group}/{one.name}: {line}"
        for (group, one), lines in zip(judged, wrong, strict=True)
        for line in lines
    ]
    return report


async def _judge(one: Case, score: Score) -> list[str]:
    """Ask `one` visit after visit; add to `score` and return what was wrong."""
    score.cases += 1
    wrong = []
    async with Site() as site:
        asking = _Asking(one, site)
        for number, visit in enumerate(one.visits, start=1):
            outcome = await asking.visit(visit)
            if fault := _count(visit, outcome, score):
                wrong.append(f"visit {number} ({visit.expected.value}), {one.rule}: {fault}")
    return wrong


class _Asking:
    """A task's visits: what was remembered is carried from one to the next, as JSON."""

    def __init__(self, one: Case, site: Site) -> None:
        self._query = " ".join(site.url + path for path in one.paths)
        self._rule = one.rule
        self._site = site
        self._networks = networks_of(email="owner@example.com", is_staff=False)
        self._state: dict[str, Any] | None = None
        self._texts: dict[str, bytes] = {}
        self._asked_at = BEGINNING

    async def visit(self, visit: Visit) -> Answer | AskFailed | BadQuestion:
        """Return the answer, or why there is none; look again as an execution does."""
        self._asked_at += INTERVAL
        question = Question(
            search_query=self._query,
            condition_description=self._rule,
            last_known_state=self._state,
            texts=self._texts,
            networks=self._networks,
            asked_at=self._asked_at,
        )
        try:
            answer = await self._ask(question, visit.pages)
            if answer.is_tentative:
                again = visit.pages if visit.second_look is None else visit.second_look
                answer = await self._ask(_second_look(question, answer), again)
        except (AskFailed, BadQuestion) as error:
            return error
        self._state = json.loads(json.dumps(answer.state))
        texts = {**self._texts, **answer.texts}
        self._texts = {url: text for url, text in texts.items() if text is not None}
        return answer

    async def _ask(self, question: Question, pages: dict[str, Served]) -> Answer:
        self._site.pages = pages
        monitors.check(
            search_query=self._query, condition_description=self._rule, networks=self._networks
        )
        async with AiohttpSessions(limit=10) as sessions:
            return await monitors.ask(question, sessions=sessions)


def _second_look(question: Question, answer: Answer) -> Question:
    """Return `question` for a second look at what the tentative `answer` would tell."""
    return replace(
        question,
        is_second_look=True,
        texts={**question.texts, **answer.first_look},
        asked_at=question.asked_at + SECOND_LOOK,
    )


def _count(visit: Visit, outcome: Answer | AskFailed | BadQuestion, score: Score) -> str:
    """Add a visit to `score`; return what was wrong about it, or an empty text."""
    answer = outcome if isinstance(outcome, Answer) else None
    said = answer.notification or "" if answer and answer.condition_met else ""
    if visit.expected is Expected.FAILS:
        score.no_pages += 1
    if visit.expected is Expected.TOLD:
        return _count_due(visit, outcome, said, score)
    if said:
        score.wrong += 1
        return f"told: {said!r}"
    if visit.expected is Expected.QUIET and not answer:
        score.refused += 1
        return f"refused: {outcome}"
    if visit.expected is Expected.FAILS:
        # "age" is not named by "page".
        named = re.compile(
            "|".join(rf"(?<![a-z]){re.escape(_plain(word))}" for word in visit.words)
        )
        if answer or not named.search(_plain(str(outcome))):
            return f"no error with any of {visit.words}: {answer.evidence if answer else outcome}"
        score.no_pages_named += 1
    return ""


def _count_due(
    visit: Visit, outcome: Answer | AskFailed | BadQuestion, said: str, score: Score
) -> str:
    if not said:
        score.missed += 1
        return f"not told: {outcome.evidence if isinstance(outcome, Answer) else outcome}"
    words = _plain(said)
    missing = [word for word in visit.words if _plain(word) not in words]
    unwanted = [word for word in visit.unsaid if _plain(word) in words]
    if missing or unwanted:
        score.wrong += 1
        score.missed += 1
        return f"missing {missing}, unwanted {unwanted} in: {said!r}"
    score.right += 1
    return ""


def _plain(text: str) -> str:
    """Return `text` in lower case and level white space, without Markdown's backslashes.

    Nor does it have the site's origin, whose port could be taken for a price.
    """
    return " ".join(re.sub(r"\\(?=[^\w\s])|http://127\.0\.0\.1:\d+", "", text).casefold().split())
