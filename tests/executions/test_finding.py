"""What is found by a rule, visit by visit, and what is remembered."""

import json

import pytest

from executions.pages.finding import find
from executions.pages.page import READING, Item, Page, PageKind
from executions.pages.page_text import PageTexts
from executions.pages.parse_page import parse_page
from executions.pages.parsing import parse

URL = "https://shop.example/"


def html(body, head=""):
    return parse_page(f"<head>{head}</head><body>{body}".encode(), "text/html", url=URL)


def data(value):
    return parse_page(json.dumps(value).encode(), "application/json", url=URL)


def feed(*titles):
    items = tuple(
        Item(key=title, title=title, url=f"{URL}{title}", text=f"All of {title}")
        for title in titles
    )
    return Page(text="\n".join(titles), title="News", kind=PageKind.FEED, url=URL, items=items)


def visits(condition, *pages):
    """Return what is found at each of some visits, each of which knows what was learnt before."""
    found = []
    memory = texts = None
    for page in pages:
        each = find(parse(condition), page, memory, texts)
        # As the database keeps it.
        memory = json.loads(json.dumps(each.memory))
        texts = texts if each.text is None else PageTexts.unpack(each.text)
        found.append(each)
    return found


def news(condition, *pages):
    return [each.is_news for each in visits(condition, *pages)]


@pytest.mark.parametrize(
    ("condition", "pages", "told"),
    [
        ('contains "a" and contains "b"', ["a", "b", "a b", "b a", "a"], [0, 0, 1, 0, 0]),
        ('contains "a" or contains "b"', ["c", "b", "a b", "a", "c", "a"], [0, 1, 0, 0, 0, 1]),
        ('not (contains "a" or contains "b")', ["a", "c", "b", "c"], [0, 1, 0, 1]),
        ("does not match /a+/", ["aa", "b", "a"], [0, 1, 0]),
        ('changes and contains "x"', ["x 1", "x 2", "x 2", "x 3", "y"], [0, 1, 0, 1, 0]),
        (
            'in css("b") changes or contains "sale"',
            ["<b>1</b>", "<b>2</b>", "<b>2</b> sale", "<b>3</b> sale", "<b>3</b> sale"],
            [0, 1, 1, 1, 0],
        ),
        ("new lines", ["<p>a", "<p>a<p>b", "<p>a", "<p>a<p>b", "<p>b<p>c"], [0, 1, 0, 0, 1]),
        ('exists css("b")', ["a", "<b>1</b>", "<b>2</b>", "a", "<b>1</b>"], [0, 1, 0, 0, 1]),
        ('not exists css("b")', ["<b>1</b>", "a"], [0, 1]),
        ('css("b") is gone', ["<b>1</b>", "a", "a", "<b>1</b>", "a"], [0, 1, 0, 0, 1]),
        (
            'css("b") == "Open"',
            ["<b>Closed</b>", "<b>OPEN</b>", "open", "<b>open</b>"],
            [0, 1, 0, 1],
        ),
        ('css("b") != "Open"', ["<b>open</b>", "a", "<b>closed</b>"], [0, 0, 1]),
        (
            'css("b") between 10 and 20',
            ["<b>9</b>", "<b>10</b>", "<b>20</b>", "<b>21</b>"],
            [0, 1, 0, 0],
        ),
        ('css("b") < 10', ["<b>11</b><b>9</b>", "<b>9</b><b>11</b>"], [0, 1]),
        ('any(css("b")) < 10', ["<b>11</b><b>12</b>", "<b>11</b><b>9</b>"], [0, 1]),
        ('all(css("b")) < 10', ["<b>9</b><b>12</b>", "<b>8</b><b>9</b>", "a"], [0, 1, 0]),
        # Compared with the highest number since the last notification.
        (
            'css("b") falls by 10 %',
            [f"<b>{price}</b>" for price in (100, 95, 90, 85, 120, 108, 100)],
            [0, 0, 1, 0, 0, 1, 0],
        ),
        ('css("b") falls by 10', ["<b>100</b>", "<b>91</b>", "a", "<b>90</b>"], [0, 0, 0, 1]),
        (
            'css("b") falls',
            ["<b>5</b>", "<b>4</b>", "<b>4</b>", "<b>3</b>", "<b>9</b>"],
            [0, 1, 0, 1, 0],
        ),
        (
            'css("b") rises by 5',
            ["<b>5</b>", "<b>3</b>", "<b>8</b>", "<b>12</b>", "<b>13</b>"],
            [0, 0, 1, 0, 1],
        ),
        (
            'css("b") lowest so far',
            ["<b>5</b>", "<b>4</b>", "<b>6</b>", "<b>5</b>", "<b>3</b>"],
            [0, 1, 0, 0, 1],
        ),
        (
            'css("b") falls by 10 % and contains "in stock"',
            ["<b>100</b>", "<b>80</b>", "<b>80</b> in stock", "<b>80</b> in stock"],
            [0, 0, 1, 0],
        ),
        # A scope.
        ('in css("main") contains "a"', ["a", "a<main>b</main>", "<main>a</main>"], [0, 0, 1]),
        ('contains "a" in xpath("//main")', ["a", "<main>a</main>"], [0, 1]),
        (
            'in css("main") in css("p") contains "a"',
            ["<main>a<p>b</p></main><p>a</p>", "<main><p>a"],
            [0, 1],
        ),
        ('contains "a" without css("nav")', ["<nav>a</nav>b", "<nav>a</nav>a"], [0, 1]),
        (
            'changes without css("nav")',
            ["<nav>1</nav>a", "<nav>2</nav>a", "<nav>2</nav>b"],
            [0, 0, 1],
        ),
        (r"changes ignoring /offer \d+/i", ["a Offer 1", "a Offer 2", "b Offer 2"], [0, 0, 1]),
        ('contains "b" ignoring /ab/', ["ab", "ab b"], [0, 1]),
        (
            'in css("main") css("b") < 10',
            ["<b>5</b><main><b>11</b>", "<b>11</b><main><b>5</b>"],
            [0, 1],
        ),
        ('in css("main") (contains "a" or contains "b")', ["a b", "<main>b"], [0, 1]),
        # A part that is not there says nothing; what was there before still counts after it.
        (
            'in css("main") changes',
            ["<main>a</main>", "b", "<main>a</main>", "<main>c</main>"],
            [0, 0, 0, 1],
        ),
        (
            'in css("main") does not contain "a"',
            ["<main>a</main>", "b", "<main>b</main>", "c"],
            [0, 0, 1, 0],
        ),
        ('not in css("main") contains "a"', ["<main>a</main>", "b", "<main>b</main>"], [0, 0, 1]),
        ('not css("b") < 10', ["<b>5</b>", "a", "<b>11</b>", "a", "<b>11</b>"], [0, 0, 1, 0, 0]),
        # Nothing is said by pages that have no structured data.
        ("price < 100", ["5 €"], [0]),
        ("not price < 100", ["500 €"], [0]),
        ("in stock", ["in stock"], [0]),
        ("not in stock", ["sold out"], [0]),
        ("out of stock", ["sold out"], [0]),
        ("price falls", ["5 €", "4 €"], [0, 0]),
        ("new items", ["a", "b"], [0, 0]),
        ('in feed contains "a"', ["a"], [0]),
    ],
)
def test_news_of_a_page(condition, pages, told):
    assert news(condition, *map(html, pages)) == list(map(bool, told))


@pytest.mark.parametrize(
    ("condition", "pages", "told"),
    [
        ('json("$.a") == "open"', [{"a": "shut"}, {"a": "Open"}, {}], [0, 1, 0]),
        ('json("$.a") == true', [{"a": False}, {"a": 1}, {"a": "true"}, {"a": True}], [0, 0, 0, 1]),
        ('json("$.a") == false', [{"a": 0}, {"a": False}], [0, 1]),
        ('json("$.a") == null', [{}, {"a": 0}, {"a": None}], [0, 0, 1]),
        ('json("$.a") != null', [{}, {"a": None}, {"a": 0}], [0, 0, 1]),
        ('json("$.a") == 5', [{"a": 4}, {"a": "5"}], [0, 1]),
        ('any(json("$..a")) == true', [[{"a": False}], [{"a": False}, {"a": True}]], [0, 1]),
        ('exists json("$.a")', [{}, {"a": None}], [0, 1]),
        ('in json("$.a") changes', [{"a": [1], "b": 1}, {"a": [1], "b": 2}, {"a": [2]}], [0, 0, 1]),
        ('in json("$.a") json("$.b") > 1', [{"a": {"b": 1}, "b": 5}, {"a": {"b": 2}}], [0, 1]),
        ('in json("$.a") contains "x"', [{"a": "y", "b": "x"}, {"a": "x"}], [0, 1]),
        ('new items in json("$.jobs[*]")', [{"jobs": ["a"]}, {"jobs": ["b", "a"]}], [0, 1]),
        ("changes", [{"now": 1, "a": 1}, {"now": 2, "a": 1}, {"now": 2, "a": 2}], [0, 0, 1]),
    ],
)
def test_news_of_json(condition, pages, told):
    assert news(condition, *map(data, pages)) == list(map(bool, told))


@pytest.mark.parametrize("condition", ["new items", "new items in feed", "in feed new items"])
def test_new_items_of_a_feed_are_told_once_with_their_links(condition):
    found = visits(condition, feed("a"), feed("c", "b", "a"), feed("b"), feed("c", "a"), feed("d"))

    assert [each.is_news for each in found] == [False, True, False, False, True]
    assert found[0].evidence == "First visit: remembered 1 items to compare with."
    assert found[1].evidence == 'There are 2 new items. New: "c / b".'
    (listing,) = found[1].listings
    assert [(entry.text, entry.url) for entry in listing.entries] == [
        ("c", f"{URL}c"),
        ("b", f"{URL}b"),
    ]


def job(title, link=""):
    return f'<li><a href="{link}">{title}</a> 5 minutes ago</li>' if link else f"<li>{title}</li>"


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ([job("a", "/1")], [job("b", "/2"), job("a", "/1")], ["b"]),
        ([job("a", "/1"), job("b", "/2")], [job("b", "/2"), job("a", "/1")], []),
        ([job("a", "/1")], [job("a, edited", "/1")], []),
        ([job("a", "/1")], [job("a", "/2")], ["a"]),
        ([job("a", "/1?utm_source=x")], [job("a", "/1?utm_source=y")], []),
        # A link that all items share tells nothing.
        ([job("a", "/apply")], [job("b", "/apply"), job("a", "/apply")], ["b"]),
        ([job("a", "#")], [job("b", "#"), job("a", "#")], ["b"]),
        ([job("a")], [job("b"), job("a")], ["b"]),
        ([job("5 views, a")], [job("6 views, a")], []),
        ([], [job("a")], ["a"]),
        ([job("a")], [job(" ")], []),
    ],
    ids=[
        "new", "moved", "edited", "link", "tracked", "shared link", "no link", "no links",
        "counter", "first", "empty",
    ],
)  # fmt: skip
def test_new_items_of_a_list(before, after, new):
    _, found = visits('new items in css("li")', html("".join(before)), html("".join(after)))

    titles = [
        entry.text.removesuffix(" 5 minutes ago")
        for each in found.listings
        for entry in each.entries
    ]
    assert titles == new
    assert found.is_news is bool(new)


@pytest.mark.parametrize(
    ("condition", "before", "after", "titles"),
    [
        ('in css("ul") new items', "<ul><li>a", "<ul><li>b<li>c<li>a", ["b", "c"]),
        ('in css("main") new items', "<main><ul><li>a", "<main><ul><li>b<li>a", ["b"]),
        ('in css("table") new items', "<table><tr><td>a", "<table><tr><td>a<tr><td>b", ["b"]),
        (
            'in css("#jobs") new items',
            "<div id=jobs><p>a</p><p>b</p></div>",
            "<div id=jobs><p>c</p><p>a</p><p>b</p></div>",
            ["c"],
        ),
    ],
)
def test_new_items_of_one_list_are_its_entries(condition, before, after, titles):
    _, found = visits(condition, html(before), html(after))

    assert [entry.text for each in found.listings for entry in each.entries] == titles


def test_new_items_of_a_list_in_json_have_names_and_links():
    job = {"id": 1, "title": "Baker", "url": "/baker"}
    other = {"id": 2, "title": "Cook", "url": "/cook"}

    _, found = visits(
        'in json("$.jobs") new items', data({"jobs": [job]}), data({"jobs": [job, other]})
    )

    (listing,) = found.listings
    assert [(entry.text, entry.url) for entry in listing.entries] == [("Cook", f"{URL}cook")]


def test_items_that_were_seen_are_known_when_they_come_back():
    pages = [feed("a", "b"), feed("b"), feed("a", "b")]

    assert news("new items", *pages) == [False, False, False]


def test_what_is_remembered_of_a_long_list_has_a_limit():
    *_, found = visits("new items", *(feed(*(f"{n}-{m}" for m in range(600))) for n in range(6)))

    assert len(json.dumps(found.memory)) < 13_000
    assert found.evidence.startswith("There are 500 new items.")
    assert found.listings[0].more == 480


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12:05", "12:20"),
        ("Friday, 28 November 2025", "Saturday, 29 November 2025"),
        ("It is 12:05:11", "It is 12:05:12"),
        ("Posted 5 minutes ago", "Posted 2 hours ago"),
        ("vor 5 Minuten", "vor 3 Stunden"),
        ("il y a 5 minutes", "il y a 2 jours"),
        ("hace 1 hora", "hace 3 horas"),
        ("5 минут назад", "2 часа назад"),
        ("3分前", "10分前"),
        ("Last updated: 3 March 2025, 14:05", "Last updated: 4 March 2025, 09:10"),
        ("Stand: 03.03.2025 14:05 Uhr", "Stand: 04.03.2025 09:10 Uhr"),
        ("1,234 views", "1,240 views"),
        ("Besucher: 99", "Besucher: 100"),
        ("12 people are viewing this", "9 people are viewing this"),
        ("Ends in 2d 3h 5m 6s", "Ends in 2d 3h 4m 1s"),
        ("Session: 8f3a9c", "Session: 11bb2c"),
        ("Request d41d8cd98f00b204e9800998ecf8427e", "Request 9e107d9d372bb6826bd81d3542a419d6"),
        ("Page generated in 0.12 seconds", "Page generated in 0.31 seconds"),
        ("Build date: Fri, 28 Nov 2025 10:00:00 GMT", "Build date: Sat, 29 Nov 2025 11:00:00 GMT"),
        ("© 2025 Bakery", "© 2026 Bakery"),
        ("Bread  and\N{NO-BREAK SPACE}butter", "BREAD and butter"),
        ("“Bread”\N{EN DASH}fresh", '"Bread"-fresh'),
        ("<p>a<p>b", "<p>b<p>a"),
        ("You are visitor number 001204", "You are visitor number 001219"),
        ("Users online: 12 (3 members, 9 guests)", "Users online: 15 (4 members, 11 guests)"),
        ("(3) Notice board", "(7) Notice board"),
        ("Shared 120 times, 14 likes", "Shared 131 times, 19 likes"),
        ("40 fans are looking at this event", "77 fans are looking at this event"),
        ("Released yesterday", "Released 2 days ago"),
        ("a<aside>Now 7 °C</aside>", "a<aside>Now 9 °C</aside>"),
        ("a<div class='Ad box'>Boots</div>", "a<div class='Ad box'>Flights</div>"),
    ],
)  # fmt: skip
def test_what_changes_at_every_visit_is_no_change_unless_it_is_wanted(before, after):
    pages = [html(before), html(after)]

    assert news("changes", *pages) == [False, False]
    assert news("new lines", *pages) == [False, False]
    assert news("changes exactly", *pages) == [False, True]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5 left in stock", "4 left in stock"),
        ("12,50 €", "12,05 €"),
        ("Version 2.0.1", "Version 2.0.2"),
        ("Concert on 12 May 2025", "Concert on 14 May 2025"),
        ("Open 9:00-17:00", "Open 10:00-17:00"),
        ("Build 1234", "Build 1235"),
        ("Apply until 3 March", "Apply until 4 March"),
        ("3 jobs", "4 jobs"),
        ("<p>Sold out<p>Sold out", "<p>Sold out"),
        ("Score 2:1", "Score 2:2"),
    ],
)
def test_what_is_no_clock_and_no_counter_is_a_change(before, after):
    assert news("changes", html(before), html(after)) == [False, True]


def test_a_date_further_down_is_that_of_an_event():
    top = "".join(f"<p>line {number}" for number in range(20))

    pages = [html(f"{top}<p>Fri, 12 December 2025"), html(f"{top}<p>Fri, 19 December 2025")]

    assert news("changes", *pages) == [False, True]


def test_a_change_is_shown_whatever_its_place():
    top = "".join(f"<p>line {number}" for number in range(2000))

    _, found = visits("changes", html(f"{top}<p>old"), html(f"{top}<p>New!"))

    assert found.evidence == 'The page has changed. Gone: "old". New: "New!".'
    assert found.summary == "The page has changed."


def look_twice(condition, before, first, second):
    """Return what is found at the second look, and the texts that are remembered after it."""
    learnt = find(parse(condition), html(before), None)
    known = PageTexts.unpack(learnt.text or b"")
    glance = find(parse(condition), html(first), learnt.memory, known)
    looked = PageTexts(
        last=known.last, told=known.told, first_look=PageTexts.unpack(glance.text or b"").last
    )
    found = find(parse(condition), html(second), learnt.memory, looked)
    return found, PageTexts.unpack(found.text or b"")


@pytest.mark.parametrize("condition", ["changes", "new lines", 'in css("body") changes'])
def test_only_what_both_looks_show_has_changed(condition):
    found, texts = look_twice(
        condition, "<p>advert 1<p>a", "<p>advert 2<p>a<p>b", "<p>advert 3<p>a<p>b<p>late"
    )

    assert found.is_news is True
    assert [entry.text for listing in found.listings for entry in listing.entries] == ["b"]
    # What only one look showed is not remembered, so that it is told once it stays.
    assert texts.last.splitlines()[-3:] == ["advert 1", "a", "b"]
    assert texts.first_look is None


@pytest.mark.parametrize(
    ("first", "second"),
    [("<p>b", "<p>a"), ("<p>a<p>advert 2", "<p>a<p>advert 3"), ("", "<p>a"), ("<p>b", "<p>c<p>a")],
)
def test_what_differs_at_each_look_is_no_change(first, second):
    found, texts = look_twice("changes", "<p>a", first, second)

    assert found.is_news is False
    assert texts.last == "a"


def test_an_order_that_differs_at_each_look_is_no_change():
    once, _ = look_twice("changes exactly", "<p>a<p>b<p>c", "<p>b<p>a<p>c", "<p>c<p>b<p>a")
    twice, _ = look_twice("changes exactly", "<p>a<p>b<p>c", "<p>b<p>a<p>c", "<p>b<p>a<p>c")

    assert (once.is_news, twice.is_news) == (False, True)


@pytest.mark.parametrize(
    ("condition", "page", "is_positive"),
    [
        ('contains "a"', "a", True),
        ("matches /a/", "a", True),
        ('exists css("b")', "<b>1</b>", True),
        ('css("b") == "a"', "<b>a</b>", True),
        ('contains "a" and exists css("b")', "a<b>1</b>", True),
        ('contains "a" or contains "b"', "a", True),
        ('in css("b") contains "a"', "<b>a</b>", True),
        ('contains "a"', "b", False),
        ('does not contain "a"', "b", False),
        ('not exists css("b")', "a", False),
        ('css("b") < 5', "<b>1</b>", False),
        ('css("b") != "a"', "<b>b</b>", False),
        ('contains "a" and css("b") < 5', "a<b>1</b>", False),
        ('contains "a" or does not contain "b"', "a", False),
    ],
)
def test_what_stands_on_the_page_is_told_from_the_rest(condition, page, is_positive):
    assert find(parse(condition), html(page), None).is_positive is is_positive


def test_the_texts_are_stored_only_when_they_change():
    first, second, third = visits('contains "a"', html("a"), html("a"), html("a b"))

    assert first.text is not None
    assert second.text is None
    assert PageTexts.unpack(third.text or b"") == PageTexts(last="a b", told="a")


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
    assert PageTexts.unpack(upgraded.text or b"").told is None


@pytest.mark.parametrize(("condition", "state"), OLD_STATES, ids=[rule for rule, _ in OLD_STATES])
def test_after_an_upgrade_a_page_that_is_the_same_tells_nothing(condition, state):
    upgraded = find(parse(condition), html(BEFORE), json.loads(state))

    next_found = find(
        parse(condition), html(BEFORE), upgraded.memory, PageTexts.unpack(upgraded.text or b"")
    )

    assert next_found.is_news is False


def test_what_becomes_true_after_an_upgrade_is_told():
    memory = json.loads(OLD_STATES[2][1])
    upgraded = find(parse('contains "x"'), html(BEFORE), memory)

    found = find(
        parse('contains "x"'), html("x"), upgraded.memory, PageTexts.unpack(upgraded.text or b"")
    )

    assert found.is_news is True


def test_numbers_and_items_of_another_reading_are_forgotten():
    for condition, page in (('css("b") falls', html("<b>4</b>")), ("new items", feed("b"))):
        other = feed("a") if condition == "new items" else html("<b>5</b>")
        memory = {**(find(parse(condition), other, None).memory or {}), "reading": READING - 1}

        assert find(parse(condition), page, memory).is_news is False


@pytest.mark.parametrize(
    ("condition", "missing"),
    [
        ('css("b") < 10', 'No number was found by css("b").'),
        ('css("b") falls', 'No number was found by css("b").'),
        ('css("b") == "a"', 'Nothing was found by css("b").'),
        ('in css("b") changes', 'Nothing was found in css("b").'),
        ('in css("b") contains "x" or contains "z"', 'Nothing was found in css("b").'),
    ],
)
def test_a_selector_that_finds_nothing_any_more_is_warned_of(condition, missing):
    never, _, gone, still = visits(condition, *map(html, ("a", "<b>a 1</b>", "a", "a")))

    assert never.warnings == ()
    warning = f"{missing} It found one at earlier visits: check the selector."
    assert gone.warnings == still.warnings == (warning,)


def test_a_scoped_rule_says_where_it_looked():
    found = find(
        parse('in css("main") contains "a" without css("i")'), html("<main>a<i>b</i></main>"), None
    )

    assert found.evidence == 'The page in css("main") without css("i") contains "a": "a".'


def test_an_xpath_that_fails_on_the_page_is_told():
    rule = parse("""exists xpath("//p[sum('a') = sum(//p)]")""", compiles=False)

    with pytest.raises(ValueError, match="The XPath cannot be applied to the page"):
        find(rule, html("<p>1"), None)
