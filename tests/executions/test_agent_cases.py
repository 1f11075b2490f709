"""What the agent tells of the cases of script/bench agent, and whether the cases are sound."""

import asyncio
import tomllib
from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.monitors.agent.case import FOLDER, GROUPS, Case, Step, read_cases
from benchmarks.monitors.agent.measure import Visited, measure
from benchmarks.monitors.agent.replay import replaying
from benchmarks.monitors.agent.report import Proportion, Report
from executions.monitors.agent import AgentMonitor
from executions.monitors.agent.finding import Finding, Plan, SecondOpinion, ValueKind
from executions.monitors.agent.quotes import why_not_counted
from executions.monitors.agent.values import value_in
from executions.pages.normal_form import folded
from executions.pages.parse_page import parse_page
from tests.support.scripted_model import Body, Reply, calls, tools_of

CASES = read_cases()
STEPS = [(case, step) for case in CASES for step in case.steps]
#: Cases that together have a telling, a visit without a model, a failure, a completed task, a
#: repeated telling, and mistakes that each of the checks finds or lets through.
FEW = (
    "contradictions/christmas-market",
    "dead/orla-tunnel",
    "rumours/oduya",
    "rumours/night-train",
    "sequences/drill-price",
    "sequences/rovers-arrivals",
    "twins/archipel",
    "twins/quillserver-fix",
)


def replayed(cases: list[Case]) -> Report:
    with replaying() as replay:
        return Report(visits=asyncio.run(measure(cases, replay=replay), debug=False))


def texts_of(step: Step) -> dict[str, str]:
    """Return what a person reads on the pages of a step that are not errors, in normal form."""
    return {
        url: folded(parse_page(page.text.encode(), kind_of(page.text)).text)
        for url, page in step.pages.items()
        if page.status == 200
    }


def kind_of(text: str) -> str:
    return "text/html" if text.startswith("<") else "text/plain"


def paths_in(case_toml: Path) -> set[str]:
    """Return the names of the pages that a case names."""
    pages = [
        page
        for step in tomllib.loads(case_toml.read_text())["steps"]
        for page in step.get("pages", {}).values()
    ]
    return {page if isinstance(page, str) else page["file"] for page in pages}


def test_a_few_replayed_cases_lead_to_the_figures_that_a_person_counts():
    report = replayed(read_cases(only=FEW))

    total, table = report.total, report.table()
    assert (total.case_count, len(total.visits), len(total.made)) == (10, 22, 21), table
    # Told rightly: the tunnel, the transfer, the drill twice, two players, the version.
    assert total.precision == Proportion(hits=7, of=8), table
    # Missed: the market, whose task a wrong telling had completed, the night train and the book.
    assert total.recall == Proportion(hits=7, of=10), table
    assert total.repeats == Proportion(hits=0, of=21), table
    # Right as they stand: what was told rightly except the version, whose quote was mended, and the
    # night train.
    assert total.claims == Proportion(hits=7, of=14), table
    assert total.quotes == Proportion(hits=7, of=8), table
    assert total.failures == {"user_error": 1}, table
    assert total.without_model == Proportion(hits=1, of=20), table
    assert total.pairs == Proportion(hits=1, of=2), table
    assert total.stopped() == {
        "closed form": {"wrongly": 1},
        "evidence": {"wrongly": 1},
        "not told before": {"rightly": 2},
        "second opinion": {"rightly": 1},
    }, table
    assert total.mistakes() == {
        "invented quote": {"harmless": 1},
        "one of two contradicting sources": {"told": 1},
        "over-confident rumour": {"harmless": 1},
        "repeated telling in other words": {"harmless": 1},
        "too little confidence": {"missed": 1},
        "wrong value": {"missed": 1},
    }, table
    assert [line.partition(",")[0] for line in report.faults()] == [
        "contradictions/christmas-market",
        "contradictions/christmas-market",
        "rumours/night-train",
        "twins/archipel-3-true",
    ]


@pytest.mark.slow
def test_the_checks_find_most_mistakes_of_the_replayed_answers():
    report = replayed(CASES)

    total, table = report.total, report.table()
    assert (total.precision.share or 0) >= 66 / 75, table
    assert (total.recall.share or 0) >= 66 / 75, table
    assert (total.quotes.share or 0) >= 0.89, table
    assert total.repeats.hits <= 1, table
    assert total.pairs.hits >= 15, table
    assert total.without_model.hits >= 7, table
    assert total.failures == {"network": 2, "user_error": 1}, table
    assert sum(came["told"] for came in total.mistakes().values()) <= 9, table
    # What follows from a mistake in an earlier visit: a task that was completed too soon, and a
    # condition that was not seen to be false in between.
    assert [
        (one.case, one.number)
        for one in report.visits
        if (one.is_wrong or one.is_missed) and not one.mistake
    ] == [("christmas-market", 2), ("kettlewell-eastmoor", 2), ("child-seat", 5)], table


def test_a_model_that_says_that_nothing_is_true_is_never_wrong_and_misses_everything(
    scripted_model,
):
    plan = {
        "topic": "Any",
        "value_kind": "yes",
        "is_once_only": False,
        "depends_on_time": False,
        "hours_between_visits": 24,
    }
    no = {"holds": False, "confidence": 90, "quotes": []}

    def says_no(body: Body) -> Reply:
        if "plan" in tools_of(body):
            return calls(("plan", plan))
        has_looked = any(message["role"] == "tool" for message in body["messages"])
        return calls(("report", no) if has_looked else ("search", {"query": "anything"}))

    scripted_model.judge = says_no

    cases = read_cases(only=["sequences/drill", "sequences/charter"])
    visits = asyncio.run(measure(cases, replay=None), debug=False)

    total = Report(visits=visits, model="a scripted one").total
    assert total.precision == Proportion(hits=0, of=0)
    assert total.recall == Proportion(hits=0, of=3)
    # Two plans, and in each of ten visits a search and a report.
    assert sum(one.requests for one in visits) == 22
    # The condition holds in four of the ten visits, among them one that was told before.
    assert [row["right"] for row in total.calibration()] == [Proportion(hits=5, of=10)]


def test_each_group_has_its_number_of_cases():
    assert Counter(case.group for case in CASES) == GROUPS
    assert sum(GROUPS.values()) == 100


def test_the_agent_takes_every_question(settings):
    settings.TORALE_MODEL, settings.TORALE_SEARCH = "openai-chat:any", "brave"
    agent = AgentMonitor()

    refused = [
        str(case)
        for case in CASES
        if not agent.takes(search_query=case.question, condition_description=case.condition)
    ]

    assert refused == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_has_all_that_its_steps_need(case):
    folder = FOLDER / case.group / case.name
    present = {path.name for path in folder.iterdir()}

    assert present == {"case.toml", "answers.json"} | paths_in(folder / "case.toml")
    assert all(before.at < after.at for before, after in pairwise(case.steps))
    assert len(case.steps) == 5 or case.group != "sequences"
    assert len(case.said) == len(case.steps)
    for step in case.steps:
        assert step.holds or not step.is_due
        assert step.at.tzinfo
        assert bool(step.values) is (step.is_due and case.value != "yes")
        assert all(value_in(ValueKind(case.value), value).key != "yes" for value in step.values)
        texts = texts_of(step).values()
        assert bool(step.quotes) is step.is_due
        for quote in step.quotes:
            assert any(folded(quote) in text for text in texts), quote
            assert not why_not_counted(quote), quote


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_the_replay_says_is_what_a_model_can_say_and_right_but_for_marked_mistakes(case):
    plan = Plan.model_validate(case.plan)

    assert plan.value_kind == case.value
    for step, said in zip(case.steps, case.said, strict=True):
        report = Finding.model_validate(said.report)
        Finding.model_validate(said.mended)
        opinion = SecondOpinion.model_validate(said.judge)
        found = {result["url"] for result in step.results}
        read = [given["url"] for turn in said.turns for name, given in turn if name == "read"]
        assert all(url in found or url in case.question for url in read)
        if not said.mistake:
            texts = texts_of(step)
            assert report.holds is step.holds
            assert opinion.agrees
            assert not step.values or report.value in step.values
            assert all(folded(quote.text) in texts[quote.url] for quote in report.quotes)
            assert all(quote.url in read for quote in report.quotes)


def test_twins_ask_the_same_of_pages_that_look_alike_and_differ_in_what_is_true():
    twins = {case.name: case for case in CASES if case.group == "twins"}
    pairs = {name.rpartition("-")[0] for name in twins}

    assert len(pairs) == 20
    for pair in pairs:
        true, false = twins[f"{pair}-true"], twins[f"{pair}-false"]
        assert (true.question, true.condition) == (false.question, false.condition)
        assert [step.is_due for step in true.steps] == [True]
        assert [step.is_due for step in false.steps] == [False]
        true_pages, false_pages = true.steps[0].pages, false.steps[0].pages
        assert true_pages.keys() == false_pages.keys()
        for url, page in true_pages.items():
            alike = SequenceMatcher(None, page.text, false_pages[url].text).quick_ratio()
            assert alike > 0.85, pair
        assert true_pages != false_pages


def test_the_hosts_are_fictional_and_the_pages_of_a_usual_size():
    urls = [url for _, step in STEPS for url in step.pages]
    urls += [result["url"] for _, step in STEPS for result in step.results]
    sizes = [len(page.text) for _, step in STEPS for page in step.pages.values()]

    assert [url for url in urls if not (urlsplit(url).hostname or "").endswith(".example")] == []
    assert min(sizes) >= 600
    assert max(sizes) <= 4000
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*")) < 1_000_000


def test_neither_telling_always_nor_telling_never_does_well():
    assert 0.25 < sum(step.is_due for _, step in STEPS) / len(STEPS) < 0.5


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # By the formula, with z = 1.96; the second and third are the usual examples of its use.
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (9, 10, 0.5958, 0.9821), (0, 0, 0.0, 1.0)],
)
def test_a_proportion_has_its_wilson_interval(hits, of, low, high):
    assert Proportion(hits=hits, of=of).interval == pytest.approx((low, high), abs=1e-4)


def test_confidence_is_compared_with_the_truth():
    def visited(*, confidence: int | None, is_right: bool) -> Visited:
        return Visited(
            group="stale",
            case="any",
            number=1,
            is_due=False,
            is_told=False,
            is_right=False,
            confidence=confidence,
            is_finding_right=is_right,
        )

    visits = [
        visited(confidence=90, is_right=True),
        visited(confidence=100, is_right=False),
        visited(confidence=50, is_right=True),
        visited(confidence=None, is_right=False),
    ]

    figures = Report(visits=visits).total

    # (0.1² + 1² + 0.5²) / 3
    assert figures.brier == pytest.approx(0.42)
    assert [
        (row["from"], row["to"], row["said"], row["right"]) for row in figures.calibration()
    ] == [
        (50, 59, 0.5, Proportion(hits=1, of=1)),
        (90, 100, 0.95, Proportion(hits=1, of=2)),
    ]
