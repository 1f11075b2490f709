"""`manage.py doctor` searches once, and says what is wrong with the search engine."""

import json
import re

import pytest

from executions.diagnoses import CHECKS
from tests.support.receivers import HTTPAnswer
from torale.doctor import Finding, Verdict, examine

RESULT = {"url": "http://news.example/", "title": "News", "content": "New"}


@pytest.fixture(autouse=True)
def _searxng(settings, http_receiver):
    settings.TORALE_SEARCH = f"searxng+{http_receiver.url}"


def seen() -> Finding:
    (finding,) = (each for each in examine(CHECKS) if each.name == "search")
    return finding


def test_an_engine_that_finds_pages_is_well(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, json.dumps({"results": [RESULT]}).encode())]

    finding = seen()

    assert (finding.verdict, finding.remedy) == (Verdict.OK, "")
    assert re.fullmatch(r'searxng found pages for "test" in \d\.\d s\.', finding.text)
    assert [request.path for request in http_receiver.requests] == ["/search?q=test&format=json"]


def test_an_engine_that_finds_nothing_is_warned_of(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, b'{"results": []}')]

    finding = seen()

    assert (finding.verdict, finding.text) == (
        Verdict.WARNING,
        'searxng found no page for "test".',
    )


def test_an_engine_that_refuses_is_a_problem(http_receiver):
    http_receiver.answers = [HTTPAnswer(403, b"")]

    finding = seen()

    assert finding.verdict == Verdict.PROBLEM
    assert "should allow the format `json`" in finding.text
    assert "TORALE_SEARCH" in finding.remedy


def test_without_an_engine_a_model_is_warned_of(settings, http_receiver):
    settings.TORALE_SEARCH, settings.TORALE_MODEL = "", "openai:gpt-5-mini"

    finding = seen()

    assert (finding.verdict, finding.text, finding.remedy) == (
        Verdict.WARNING,
        "No search engine is set: questions that name no page are refused.",
        "set TORALE_SEARCH.",
    )
    assert http_receiver.requests == []


def test_without_a_model_no_engine_is_needed(settings):
    settings.TORALE_SEARCH, settings.TORALE_MODEL = "", ""

    assert seen().verdict == Verdict.OK
