"""What is found by a rule, visit by visit, and what is remembered."""

import json

import pytest

from executions.pages.finding import find
from executions.pages.page_text import PageTexts
from executions.pages.parsing import parse
from tests.support.visits import URL, data, feed, html, news, visits
from tests.support.watched_pages import texts_of


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
        # What can be chosen counts as the page's text, but a list says what is chosen.
        (
            'contains "42"',
            ["<select><option>41</select>", "<select><option>41<option>42</select>"],
            [0, 1],
        ),
        (
            "changes",
            ["<select><option>a<option>b</select>", "<select><option>a<option>c</select>"],
            [0, 1],
        ),
        (
            'css("select") == 42',
            [f"<select><option>41<option {chosen}>42</select>" for chosen in ("", "selected")],
            [0, 1],
        ),
        (
            'css("select") == "42"',
            [f"<select><option>41<option {chosen}>42</select>" for chosen in ("", "selected")],
            [0, 1],
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
        (
            r'changes without css("nav") ignoring /v\d/',
            ["a v1<aside>1</aside><nav>1</nav>", "a v2<aside>2</aside><nav>2</nav>", "b v2"],
            [0, 0, 1],
        ),
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
        ('in css("ul") new items', "<ul><li>a", "<ul><li>a<li>b<ol><li>c<li>d</ol>", ["b"]),
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


def test_a_change_is_shown_whatever_its_place():
    top = "".join(f"<p>line {number}" for number in range(2000))

    _, found = visits("changes", html(f"{top}<p>old"), html(f"{top}<p>New!"))

    assert found.evidence == 'The page has changed. Gone: "old". New: "New!".'
    assert found.summary == "The page has changed."


def look_twice(condition, before, first, second):
    """Return what is found at the second look, and the texts that are remembered after it."""
    learnt = find(parse(condition), html(before), None)
    known = texts_of(learnt)
    glance = find(parse(condition), html(first), learnt.memory, known)
    looked = PageTexts(last=known.last, told=known.told, first_look=texts_of(glance).last)
    found = find(parse(condition), html(second), learnt.memory, looked)
    return found, texts_of(found)


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
    assert texts_of(third) == PageTexts(last="a b", told="a")


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
