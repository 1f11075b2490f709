"""Decide what follows from what a model has found: whether people are told, and what; pure.

The model proposes; this decides, by seven checks. Whatever a page made the model say, people read
only a value of a closed form, quotes that stand on pages, and links to these pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

from executions.monitors.agent.finding import Finding, Plan, SecondOpinion, ValueKind
from executions.monitors.agent.limits import Limits
from executions.monitors.agent.memory import LAST_VISITS, MOST_TOLD, Looked, Memory, Seen, Told
from executions.monitors.agent.quotes import (
    is_for_readers,
    is_quoted_from,
    leads_elsewhere,
    sentence_of,
    why_not_counted,
)
from executions.monitors.agent.reading import PageRead
from executions.monitors.agent.values import NotInForm, Value, is_same, stands_in, value_in
from executions.monitors.notification import tell_finding
from executions.monitors.protocol import TOPIC_CHARACTERS, Answer, Question, Source
from executions.rendering import cut, one_line

#: Pages can make visits at most this many times as frequent as planned, because visits cost money.
SOONER = 4
#: How certain the model must be, in percent, that what was true no longer is.
CERTAIN = 60

#: So many digits of a question's digest tell it from the others of its task.
QUESTION_DIGITS = 16

NOT_TRUE = "The condition is not true now."
#: The sentence stays the same from visit to visit, so that it can be counted.
REFUSED = (
    "The model says that the condition is true, but what it reports does not pass the checks, so "
    "nobody is told. The evidence of the latest execution says why."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One of the seven checks."""

    name: str
    #: Whether it was passed; None if it was not made, because another one was not passed.
    passed: bool | None
    #: What was seen, as a sentence.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a model claims, as far as it can be checked without asking anybody else."""

    finding: Finding
    value: Value
    #: The quotes that count, each with the page on which it stands.
    quotes: Sequence[tuple[str, PageRead]]
    evidence: Check
    closed_form: Check
    not_told_before: Check

    @property
    def is_sound(self) -> bool:
        """Whether evidence and value passed their checks, told before or not."""
        return bool(self.evidence.passed and self.closed_form.passed)

    @property
    def is_worth_asking(self) -> bool:
        """Whether a second opinion is all that is missing before people are told."""
        return self.is_sound and bool(self.not_told_before.passed)


def claim_of(
    finding: Finding, *, plan: Plan, memory: Memory, pages: Mapping[str, PageRead], limits: Limits
) -> Claim:
    """Return what a model claims, checked against the pages that were read.

    Args:
        finding: what the model has reported.
        plan: how the question is watched.
        memory: what earlier visits told.
        pages: what was read in this visit, by URL.
        limits: what an operator has set.
    """
    quotes, invented, reasons = _counted(finding, pages)
    fault = ""
    if not finding.holds:
        fault = "the model says that it is not true"
    elif invented:
        # Neither the words of the model nor those of a page that do not count are shown.
        fault = f"{_nth(invented)} quote stands on no page that was read"
    elif not quotes:
        fault = f"no quote counts: {'; '.join(reasons)}" if reasons else "nothing is quoted"
    elif finding.confidence < limits.confidence:
        fault = (
            f"the model is only {finding.confidence} % certain, and {limits.confidence} % is needed"
        )
    evidence = Check(
        name="evidence",
        passed=not fault,
        text=_sentence(fault or f"{_counted_as(len(quotes))} on pages that were read"),
    )
    value, form = _value(finding, plan, quotes)
    if not evidence.passed:
        form = Check(name=form.name, passed=None, text="Without evidence, it was not checked.")
    return Claim(
        finding=finding,
        value=value,
        quotes=quotes,
        evidence=evidence,
        closed_form=form,
        not_told_before=_not_told(value, memory),
    )


def answer_of(  # noqa: PLR0913 - what an answer depends on
    claim: Claim,
    second: SecondOpinion | None,
    *,
    question: Question,
    plan: Plan,
    memory: Memory,
    pages: Mapping[str, PageRead],
    looked: Looked | None,
    limits: Limits,
) -> Answer:
    """Return the answer of a visit in which the model was asked.

    Args:
        claim: what the model claims.
        second: the second opinion; None if none was needed.
        question: what is asked.
        plan: how it is watched.
        memory: what earlier visits saw.
        pages: what was read in this visit, by URL.
        looked: what was looked at; None if it must not be believed that it stays as it was.
        limits: what an operator has set.
    """
    opinion = _opinion(claim, second)
    is_told = claim.is_worth_asking and bool(opinion.passed)
    is_refused = _is_refused(claim, opinion)
    next_run_at = next_visit(claim.finding, plan, asked_at=question.asked_at, limits=limits)
    completes = is_told and plan.is_once_only
    checks = [
        claim.evidence,
        opinion,
        claim.closed_form,
        claim.not_told_before,
        Check(
            name="schedule",
            passed=True,
            text="This was asked once, and is answered."
            if completes
            else f"The next visit is on {next_run_at:%Y-%m-%d at %H:%M} UTC.",
        ),
        Check(name="something new", passed=True, text="The model was asked."),
        Check(name="no fault", passed=True, text="Nothing failed."),
    ]
    cited = {page.url: page for _, page in claim.quotes} if is_told else pages
    topic = topic_of(plan)
    return Answer(
        condition_met=is_told,
        notification=_notification(claim, topic, question, completes=completes)
        if is_told
        else None,
        evidence=_evidence(claim, checks, is_told=is_told),
        confidence=claim.finding.confidence,
        sources=_sources(cited),
        warnings=[REFUSED] if is_refused else [],
        activity=[{"action": "check", **asdict(check)} for check in checks],
        state=_remembered(
            claim, question, memory, looked, is_told=is_told, is_refused=is_refused
        ).state(),
        next_run_at=next_run_at,
        claim=_key(claim.value, memory) if is_told else None,
        completes=completes,
        topic=None if memory.seen else topic,
    )


def nothing_new(
    *, question: Question, plan: Plan, memory: Memory, pages: Mapping[str, PageRead], limits: Limits
) -> Answer:
    """Return the answer of a visit that found everything as the last one did.

    Args:
        question: what is asked.
        plan: how it is watched.
        memory: what earlier visits saw.
        pages: what was read in this visit, by URL.
        limits: what an operator has set.
    """
    last = memory.looked.at if memory.looked else question.asked_at
    text = (
        f"Nothing new: the pages and the search results are those of {last:%Y-%m-%d at %H:%M} UTC, "
        "so the model was not asked."
    )
    return Answer(
        condition_met=False,
        notification=None,
        evidence=text,
        confidence=memory.confidence,
        sources=_sources(pages),
        warnings=[REFUSED] if memory.refused_count else [],
        activity=[{"action": "check", "name": "something new", "passed": False, "text": text}],
        state=memory.state(),
        next_run_at=next_visit(None, plan, asked_at=question.asked_at, limits=limits),
    )


def next_visit(
    finding: Finding | None, plan: Plan, *, asked_at: datetime, limits: Limits
) -> datetime:
    """Return when to ask again.

    The plan, which was made before any page was read, says when at the latest. What pages say makes
    it sooner at most.
    """
    usual = plan.hours_between_visits
    hours = usual
    if finding is not None and finding.hours_until_next_visit is not None:
        hours = min(usual, max(finding.hours_until_next_visit, usual / SOONER))
    return asked_at + limits.interval(hours)


def topic_of(plan: Plan) -> str:
    """Return what a question is about, as one short line."""
    return cut(one_line(plan.topic), TOPIC_CHARACTERS)


def host_of(url: str) -> str:
    """Return the host of a URL."""
    return urlsplit(url).netloc


def _counted(
    finding: Finding, pages: Mapping[str, PageRead]
) -> tuple[list[tuple[str, PageRead]], int, list[str]]:
    """Return the quotes that count, the number of one that stands on no page, and other reasons."""
    counted: list[tuple[str, PageRead]] = []
    invented, reasons = 0, []
    for number, quote in enumerate(finding.quotes, 1):
        # A model may name the wrong one of the pages; what counts is where the words stand.
        named = [page for url, page in pages.items() if url == quote.url]
        read = [*named, *pages.values()]
        page = next((each for each in read if is_quoted_from(quote.text, each.normal)), None)
        if page is None:
            invented = invented or number
        elif reason := why_not_counted(quote.text):
            reasons.append(f"{_nth(number)} quote {reason}")
        elif page.taint:
            reasons.append(f"{page.url} has text for language models: {page.taint}")
        else:
            # What stands around it may deny it, and may lead people elsewhere.
            text = sentence_of(quote.text, page.text)
            if reason := why_not_counted(text):
                reasons.append(f"the sentence of {_nth(number)} quote {reason}")
            elif text not in [other for other, _ in counted]:
                counted.append((text, page))
    return counted, invented, [*dict.fromkeys(reasons)]


def _value(
    finding: Finding, plan: Plan, quotes: Sequence[tuple[str, PageRead]]
) -> tuple[Value, Check]:
    name = "closed form"
    try:
        value = value_in(plan.value_kind, finding.value)
    except NotInForm as error:
        return value_in(ValueKind.YES, None), Check(name=name, passed=False, text=str(error))
    if not stands_in(value, quotes):
        text = f"The value {value.shown} stands in none of the quotes that count."
        return value, Check(name=name, passed=False, text=text)
    text = f"The value is {value.shown}." if value.shown else "There is no value to tell."
    return value, Check(name=name, passed=True, text=text)


def _not_told(value: Value, memory: Memory) -> Check:
    name = "not told before"
    for told in memory.told:
        if told.spell == memory.spell and is_same(value, told.key):
            text = f"This was told on {told.at:%Y-%m-%d} and has not been seen to be false since."
            return Check(name=name, passed=False, text=text)
    return Check(name=name, passed=True, text="This has not been told.")


def _opinion(claim: Claim, second: SecondOpinion | None) -> Check:
    name = "second opinion"
    if not claim.is_worth_asking or second is None:
        return Check(name=name, passed=None, text="It was not asked for.")
    if second.agrees:
        return Check(name=name, passed=True, text="The quotes alone show it.")
    return Check(name=name, passed=False, text="The quotes alone do not show it.")


def _key(value: Value, memory: Memory) -> str:
    """Return the key by which the database keeps the same from being told twice.

    Another question of the task, or another spell, is told anew.
    """
    return f"{memory.question[:QUESTION_DIGITS]}:{memory.spell}:{value.key}"


def _is_refused(claim: Claim, opinion: Check) -> bool:
    return claim.finding.holds and not (claim.is_sound and opinion.passed is not False)


def _remembered(  # noqa: PLR0913 - what a visit brings
    claim: Claim,
    question: Question,
    memory: Memory,
    looked: Looked | None,
    *,
    is_told: bool,
    is_refused: bool,
) -> Memory:
    quotes = [text for text, _ in claim.quotes]
    kept = memory.model_copy()
    kept.looked, kept.confidence = looked, claim.finding.confidence
    kept.refused_count = memory.refused_count + 1 if is_refused else 0
    is_true = is_told or (claim.is_sound and not claim.not_told_before.passed)
    if is_told:
        told = Told(
            at=question.asked_at,
            spell=memory.spell,
            key=claim.value.key,
            shown=claim.value.shown,
            quotes=quotes,
        )
        kept.told = [*memory.told, told][-MOST_TOLD:]
    if is_true:
        kept.holds = True
    elif memory.holds and not claim.finding.holds and _is_certain(claim):
        # Without a quote for it, a page that could not be found would make the same news again.
        kept.holds, kept.spell = False, memory.spell + 1
    seen = Seen(at=question.asked_at, holds=is_true, quotes=quotes)
    kept.seen = [*memory.seen, seen][-LAST_VISITS:]
    return kept


def _is_certain(claim: Claim) -> bool:
    return bool(claim.quotes) and claim.finding.confidence >= CERTAIN


def _evidence(claim: Claim, checks: Sequence[Check], *, is_told: bool) -> str:
    failed = next((check for check in checks if check.passed is False), None)
    if is_told:
        shown = f": {claim.value.shown}" if claim.value.shown else ""
        first = f"The condition is true{shown}."
    elif not claim.finding.holds:
        first = NOT_TRUE
    else:
        first = f"Not told: {failed.text if failed else ''}"
    return "\n\n".join([first, *(_cited(text, page) for text, page in claim.quotes)])


def _cited(text: str, page: PageRead) -> str:
    return f"“{one_line(text)}” ({host_of(page.answered)})"


def _notification(claim: Claim, topic: str, question: Question, *, completes: bool) -> str:
    value = claim.value
    condition = one_line(question.condition_description)
    return tell_finding(
        topic,
        f"{topic}: {value.shown}" if value.shown else f"Yes: {condition}",
        [(one_line(text), page.answered, page.published) for text, page in claim.quotes],
        "You asked for this once, so the task is completed." if completes else "",
    )


def _sources(pages: Mapping[str, PageRead]) -> list[Source]:
    """Return pages as sources, but for those with text for models, which no answer is based on."""
    return [
        Source(url=page.answered, title=_title(page)) for page in pages.values() if not page.taint
    ]


def _title(page: PageRead) -> str:
    """Return a page's title, or its host if the title is none or would lead people elsewhere."""
    title = page.title
    is_plain = title and not leads_elsewhere(title) and not is_for_readers(title)
    return title if is_plain else host_of(page.answered)


def _nth(number: int) -> str:
    return f"the {('first', 'second', 'third', 'fourth', 'fifth')[number - 1]}"


def _counted_as(number: int) -> str:
    return "one quote stands" if number == 1 else f"{number} quotes stand"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
