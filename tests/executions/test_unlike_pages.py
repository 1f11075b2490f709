"""Answers that are unlike what was remembered of the page."""

from datetime import timedelta

import pytest

from executions.failures import FailureKind
from executions.pages.examine import NotThePage
from tests.support.factories import NOW
from tests.support.looked_at import PRODUCT, Watched, html


def test_json_that_breaks_off_is_no_page():
    watched = Watched()
    watched.visit('{"items": [1, 2, 3]}', content_type="application/json")

    with pytest.raises(NotThePage, match="cut off") as error:
        watched.visit('{"items": [1, 2', content_type="application/json")

    assert error.value.no_page.failure == FailureKind.NETWORK


def test_html_where_there_was_json_is_no_page():
    watched = Watched()
    watched.visit('{"items": [1, 2, 3]}', content_type="application/json")

    with pytest.raises(NotThePage, match="HTML where there was JSON"):
        watched.visit(html("<h1>Welcome to our new service, dear developers</h1>"))


def test_html_that_is_cut_off_is_no_page_although_most_of_it_stands():
    watched = Watched()
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage, match="cut off"):
        watched.visit(PRODUCT[:-100])


def test_html_that_never_was_closed_is_a_page():
    watched = Watched()
    watched.visit(PRODUCT.replace("</body></html>", ""))

    assert not watched.visit(PRODUCT.replace("</body></html>", "")).is_news


def test_the_same_page_in_another_language_is_no_page():
    watched = Watched()
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage, match='another language \\("de" where it was "en"\\)'):
        watched.visit(
            html("<h1>Kupferkessel</h1><p>Ausverkauft. Neue Kessel im Mai.</p>" * 5, lang="de-DE")
        )


def test_the_same_page_with_another_currency_is_no_page():
    watched = Watched('css(".price") < 100')
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage, match=r"another currency \(€ where it was \$\)"):
        watched.visit(PRODUCT.replace("$ 79.95", "69,90 €"))


def test_another_price_in_the_same_currency_is_news():
    watched = Watched()
    watched.visit(PRODUCT)

    assert watched.visit(PRODUCT.replace("79.95", "69.95")).is_news


def test_a_redirect_to_the_front_page_is_no_page():
    watched = Watched()
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage, match="front page"):
        watched.visit(
            html("<h1>Spring sale</h1><p>All pots half price.</p>" * 9), url="https://shop.example/"
        )


def test_a_page_that_always_redirected_to_the_front_page_is_a_page():
    watched = Watched()
    front = html("<h1>Spring sale</h1><p>All pots half price, until Sunday.</p>")
    watched.visit(front, url="https://shop.example/en/")

    assert watched.visit(html("<h1>Autumn</h1>"), url="https://shop.example/en/").is_news


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/login?next=/products/4711",
        "https://id.shop.example/u?redirect_uri=https://shop.example/products/4711",
        "https://shop.example/account/sign-in",
    ],
)
def test_a_redirect_to_a_log_in_form_is_no_page(url):
    form = html('<h1>Welcome</h1><form><input type="password"></form><p>Register.</p>', "Hello")

    with pytest.raises(NotThePage, match="log-in"):
        Watched().visit(form, url=url)


@pytest.mark.parametrize("body", ["<html><body>x</body></html>", "soon"])
def test_a_text_that_shrank_to_nearly_nothing_is_no_page(body):
    watched = Watched()
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage, match="hardly any text"):
        watched.visit(body)


def test_a_text_that_shrank_much_is_warned_of_until_it_is_the_usual():
    watched = Watched()
    watched.visit(html("<p>A long text.</p>" * 100))
    short = html("<p>A long text.</p>" * 20)

    warned = [watched.visit(short, at=NOW + timedelta(hours=hours)).warnings for hours in (1, 71)]
    later = watched.visit(short, at=NOW + timedelta(hours=72)).warnings

    assert all(
        "Less than a quarter is left of the page's text, which had 1," in warnings[0]
        for warnings in warned
    )
    assert later == ()


def test_a_selector_that_found_something_and_finds_nothing_is_warned_of():
    watched = Watched('css(".price") < 100')
    watched.visit(PRODUCT)

    gone = watched.visit(PRODUCT.replace('class="price"', "class=cost"))
    back = watched.visit(PRODUCT)

    assert gone.warnings == (
        'No number was found by css(".price"). It found one at earlier visits: check the selector.',
    )
    assert gone.evidence == gone.warnings[0]
    assert back.warnings == ()


def test_a_page_that_has_become_another_is_remembered_anew_after_three_days():
    watched = Watched()
    watched.visit(PRODUCT)
    german = html("<h1>Kupferkessel</h1><p>Ausverkauft. Neue Kessel im Mai.</p>" * 5, lang="de")

    with pytest.raises(NotThePage):
        watched.visit(german, at=NOW + timedelta(hours=71))
    anew = watched.visit(german, at=NOW + timedelta(hours=72))
    changed = watched.visit(german.replace("Mai", "Juni"), at=NOW + timedelta(hours=73))

    assert not anew.is_news
    assert anew.evidence.startswith("First visit")
    assert changed.is_news


def test_a_page_that_has_nothing_in_common_is_no_page_although_its_words_are_unknown():
    watched = Watched()
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage, match="nothing in common") as error:
        watched.visit(html("<h1>Ni robot, ĉu?</h1><p>Skribu la literojn.</p>", "Ĉu roboto?"))

    assert '("Ĉu roboto?")' in error.value.no_page.about("https://shop.example/")


def test_a_page_of_which_only_head_and_foot_are_left_is_no_page():
    site = html("<nav><p>Home</p><p>Basket</p></nav>{}<footer>High Street</footer>", "{}")
    watched = Watched('does not contain "Sold out"')
    watched.visit(site.format("Kettle", "<h1>The Shop</h1><h2>Kettle</h2><p>Sold out</p>"))

    with pytest.raises(NotThePage, match="head and foot"):
        watched.visit(site.format("The Shop", ""))


def test_a_page_that_was_seen_by_an_older_reading_is_not_compared():
    watched = Watched('css(".price") < 100')
    watched.visit(PRODUCT)
    watched.memory = {**(watched.memory or {}), "seen": {**watched.memory["seen"], "reading": 0}}

    assert not watched.visit(PRODUCT.replace("$ 79.95", "69,90 €")).is_news
