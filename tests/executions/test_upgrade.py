"""What was remembered by an earlier version of the reading."""

import json

import pytest

from executions.pages.finding import find
from executions.pages.page import READING
from executions.pages.parsing import parse
from tests.support.visits import feed, html
from tests.support.watched_pages import texts_of

BEFORE = "<p>Bread<p>Now <b>5</b>"
#: The states that version 1 of the reading stored for a page with that body, as JSON.
SHA256 = "4be0643f1d98573b97cdca98a65347dd"
OLD_STATES = [
    ("changes", f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5"}}'),
    ('contains "bread"', f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": true}}'),
    ('contains "x"', f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": false}}'),
    (
        'does not contain "x"',
        f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": true}}',
    ),
    (
        'does not contain "bread"',
        f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": false}}',
    ),
    ("matches /now \\d/i", f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": true}}'),
    ("matches /x/", f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": false}}'),
    ('css("b") < 10', f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": true}}'),
    ('css("b") < 5', f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": false}}'),
    ('json("$.a") < 5', f'{{"sha256": "{SHA256}", "text": "Bread\\n\\nNow 5", "holds": false}}'),
]


@pytest.mark.parametrize(("condition", "state"), OLD_STATES, ids=[rule for rule, _ in OLD_STATES])
@pytest.mark.parametrize("page", [BEFORE, "Everything is read in another way: x"])
def test_an_upgrade_tells_nothing(condition, state, page):
    memory = json.loads(state)

    upgraded = find(parse(condition), html(page), memory)

    assert upgraded.is_news is False
    assert upgraded.memory["reading"] == READING
    assert upgraded.memory["holds"] is memory.get("holds", False)
    assert texts_of(upgraded).told is None


@pytest.mark.parametrize(("condition", "state"), OLD_STATES, ids=[rule for rule, _ in OLD_STATES])
def test_after_an_upgrade_a_page_that_is_the_same_tells_nothing(condition, state):
    upgraded = find(parse(condition), html(BEFORE), json.loads(state))

    next_found = find(parse(condition), html(BEFORE), upgraded.memory, texts_of(upgraded))

    assert next_found.is_news is False


def test_what_becomes_true_after_an_upgrade_is_told():
    memory = json.loads(OLD_STATES[2][1])
    upgraded = find(parse('contains "x"'), html(BEFORE), memory)

    found = find(parse('contains "x"'), html("x"), upgraded.memory, texts_of(upgraded))

    assert found.is_news is True


def test_numbers_and_items_of_another_reading_are_forgotten():
    for condition, page in (('css("b") falls', html("<b>4</b>")), ("new items", feed("b"))):
        other = feed("a") if condition == "new items" else html("<b>5</b>")
        memory = {**(find(parse(condition), other, None).memory or {}), "reading": READING - 1}

        assert find(parse(condition), page, memory).is_news is False
