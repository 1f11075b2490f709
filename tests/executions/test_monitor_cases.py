"""What the page monitor tells of pages like those of the real web (script/bench monitors)."""

import asyncio
from collections import Counter

from benchmarks.monitors.case import Expected, case, fails, html, quiet, silent, told
from benchmarks.monitors.cases import CASES
from benchmarks.monitors.measure import Score, measure

#: For each group, the precision and the recall that are reached. They are only ever raised.
REACHED = {
    "all": (0.99, 0.99),
    "changes": (1.0, 1.0),
    "contains": (1.0, 1.0),
    "controls": (1.0, 1.0),
    "encodings": (1.0, 0.95),
    "errors": (1.0, 1.0),
    "flapping": (1.0, 1.0),
    "formats": (1.0, 1.0),
    "grammar": (1.0, 1.0),
    "json": (1.0, 1.0),
    "languages": (1.0, 1.0),
    "negated": (1.0, 1.0),
    "numbers": (0.98, 0.98),
    "platforms": (1.0, 1.0),
    "structured": (1.0, 1.0),
    "walls": (1.0, 0.98),
}
#: How many visits to good pages are refused at most.
REFUSED = 0
#: Of how many pages that are no page an error says what they are, at least.
NAMED = 511


def test_the_page_monitor_tells_what_it_should(loopback_allowed):
    # Thousands of visits take twice the time in asyncio's debug mode, in which the other tests of
    # monitors run.
    report = asyncio.run(measure(CASES), debug=False)

    table = report.table()
    assert report.groups.keys() | {"all"} == REACHED.keys()
    for group, score in {**report.groups, "all": report.total}.items():
        precision, recall = REACHED[group]
        wrong = [line for line in report.failures if line.startswith(f"{group}/")]
        shown = "\n".join([group, *wrong, table])
        assert score.precision >= precision, shown
        assert score.recall >= recall, shown
    assert report.total.refused <= REFUSED, table
    assert report.total.no_pages_named >= NAMED, table


def test_each_visit_counts_once_as_right_or_by_its_fault(loopback_allowed):
    gate, pier, gone = html("<p>Gate</p>"), html("<p>Pier</p>"), html("<p>Gone</p>", 404)
    members = [
        case("right", "changes", quiet(gate), told(pier, "pier"), silent(gone), fails(gone, "404")),
        case("told without a word", "changes", quiet(gate), told(pier, "lighthouse")),
        case("told with a word too many", "changes", quiet(gate), told(pier, unsaid=("gate",))),
        case("told against the expectation", "changes", quiet(gate), quiet(pier)),
        case("not told", "changes", told(gate), quiet(gate)),
        case("a page refused", "changes", quiet(gone)),
        case("an error without the word", "changes", fails(gone, "captcha")),
        case("a rule that is refused", "whenever I like", told(gate)),
    ]

    report = asyncio.run(measure({"group": members}))

    assert report.total == Score(
        cases=8, right=1, wrong=3, missed=4, refused=1, no_pages=2, no_pages_named=1
    )
    assert (report.total.precision, report.total.recall) == (1 / 4, 1 / 5)
    assert [line.partition(":")[0] for line in report.failures] == [
        f"group/{one.name}" for one in members[1:]
    ]


def test_every_case_has_a_name_of_its_own():
    names = Counter(f"{group}/{one.name}" for group, members in CASES.items() for one in members)

    assert [name for name, count in names.items() if count > 1] == []
    assert names.total() >= 260


def test_neither_telling_always_nor_telling_never_does_well():
    expected = Counter(
        visit.expected for members in CASES.values() for one in members for visit in one.visits
    )

    assert 0.25 < expected[Expected.TOLD] / expected.total() < 0.5
