"""What a monitor did, in words for people."""

import pytest

from executions.activity import Step, steps_of, usage_of

USAGE = {
    "model": "gpt-5-mini",
    "requests": 3,
    "input_tokens": 12000,
    "output_tokens": 640,
    "cost_usd": 0.0042,
    "seconds": 12.4,
}


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (
            {"action": "search", "query": "console release", "results": 5},
            Step(text="Searched for “console release”: 5 found"),
        ),
        (
            {"action": "search", "query": "console", "error": "It answered 503."},
            Step(text="Searched for “console”: It answered 503."),
        ),
        (
            {"action": "read", "url": "https://a.example/", "title": "News"},
            Step(text="Read: “News”", url="https://a.example/"),
        ),
        (
            {"action": "read", "url": "https://a.example/", "title": ""},
            Step(text="Read", url="https://a.example/"),
        ),
        (
            {"action": "fetch", "url": "https://a.example/"},
            Step(text="Read", url="https://a.example/"),
        ),
        (
            {"action": "check", "name": "evidence", "passed": True, "text": "2 quotes stand."},
            Step(text="Check “evidence”: passed: 2 quotes stand.", passed=True),
        ),
        (
            {"action": "check", "name": "evidence", "passed": False, "text": "No quote."},
            Step(text="Check “evidence”: failed: No quote.", passed=False),
        ),
        (
            {"action": "check", "name": "second opinion", "passed": None, "text": ""},
            Step(text="Check “second opinion”: not made"),
        ),
        ({"action": "check", "name": "odd", "passed": []}, Step(text="Check “odd”: not made")),
        ({"action": "look", "what": 1}, Step(text="look 1")),
        ({"tool": "fetch"}, Step(text="fetch")),
        ("odd", Step(text="odd")),
        (None, Step(text="None")),
    ],
    ids=lambda value: "" if isinstance(value, Step) else str(value),
)
def test_a_step_is_told_in_words(step, shown):
    assert steps_of({"activity": [step]}) == [shown]


@pytest.mark.parametrize("result", [None, [], {}, {"activity": None}, {"activity": {"a": 1}}])
def test_a_result_without_steps_has_none(result):
    assert steps_of(result) == []


@pytest.mark.parametrize(
    ("differing", "shown"),
    [
        (
            {},
            "gpt-5-mini, asked 3 times: 12,000 tokens sent and 640 received, $0.0042, 12 s",
        ),
        (
            {"cost_usd": None, "requests": 1},
            "gpt-5-mini, asked once: 12,000 tokens sent and 640 received, price not known, 12 s",
        ),
        (
            {"cost_usd": 0.0},
            "gpt-5-mini, asked 3 times: 12,000 tokens sent and 640 received, $0.00, 12 s",
        ),
    ],
    ids=["priced", "unpriced", "free"],
)
def test_the_usage_is_told_in_words(differing, shown):
    assert usage_of({"usage": USAGE | differing}) == shown


@pytest.mark.parametrize("result", [None, [], {}, {"usage": None}, {"usage": 3}])
def test_a_result_without_a_model_has_no_usage(result):
    assert usage_of(result) == ""
