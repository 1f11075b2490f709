"""The text of a document that a person sees."""

import pytest

from executions.pages.documents import html_document, xml_document
from executions.pages.visible_text import text_of


def text_in(body):
    return text_of(html_document(body))


@pytest.mark.parametrize(
    "hidden",
    [
        "<template>x</template>",
        "<noscript>x</noscript>",
        "<script>x</script>",
        "<style>x</style>",
        "<b hidden>x</b>",
        '<b hidden="until-found">x</b>',
        "<b popover>x</b>",
        '<b style="display:none">x</b>',
        '<b style="color: red; DISPLAY : none !important">x</b>',
        '<b style="visibility: hidden">x</b>',
        "<dialog><b>x</b></dialog>",
        "<iframe>x</iframe>",
        "<video>x</video>",
        "<datalist><option>x</datalist>",
        "<svg><title>x</title><desc>x</desc></svg>",
        "<ruby><rp>x</rp></ruby>",
        "<!-- x -->",
        '<input type="hidden" value="x">',
        '<input value="x">',
        '<i class="material-icons">x</i>',
        "<i>\ue001</i>",
        '<span><b aria-hidden="true"></b><b class="sr-only">x</b></span>',
    ],
)
def test_what_a_person_does_not_see_is_left_out(hidden):
    assert text_in(f"<p>seen {hidden}as well") == "seen as well"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ("<p>un<b>bel</b>iev<i>a</i>ble", "unbelievable"),
        ("<p>in <b>stock</b>", "in stock"),
        ("<p>a<!-- c -->b", "ab"),
        ("<p>a<wbr>b", "ab"),
        ("<p>a<br>b", "a\nb"),
        ("<p>a<p>b", "a\nb"),
        ("<div>a<div>b</div>c</div>", "a\nb\nc"),
        ("<ul><li>a<li>b", "a\nb"),
        ("<table><tr><td>a<td>b<tr><th>c<td>d", "a b\nc d"),
        ("<dl><dt>a<dd>b", "a\nb"),
        ("<p> a \n\t b\xa0c ", "a b c"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<textarea>a\nb</textarea>", "a\nb"),
        ("<p>a<button>b</button>c", "a b c"),
        ('<p>a<input type="submit" value="b">c', "a b c"),
        ('<input type="image" alt="b">', "b"),
        ('<a href="/"><img alt="Home"></a>', "Home"),
        ('<a href="/"> <img alt="x"> Home</a>', "Home"),
        ('<a href="/"><img></a>a', "a"),
        ('<img alt="x">a', "a"),
        ("<select><option>a<option selected>b<option>c</select>", "a\nb\nc"),
        ("<select multiple><option>a<option>b</select>", "a\nb"),
        ("<dialog open>a</dialog>", "a"),
        ("<details>x<summary>a</summary>x<p>x</p>x</details>b", "a\nb"),
        ("<details open><summary>a</summary>b</details>", "a\nb"),
        ('<body style="visibility:hidden"><p>a', "a"),
        ("<svg><text>a</text></svg>", "a"),
        ('<div><template shadowrootmode="open">a</template></div>', "a"),
        # What is hidden from screen readers is seen, and what only they read is not if it is seen.
        ('<p><span class="a-offscreen">$5</span><span aria-hidden="true">$5</span>', "$5"),
        ('<p><i aria-hidden="true">★</i> new', "★ new"),
        ('<p><i class="star"></i><span class="visually-hidden">4 stars</span>', "4 stars"),
        ("<title>a</title><p>b", "a\nb"),
    ],
)
def test_what_a_person_sees_is_read(shown, text):
    assert text_in(shown) == text


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ("<select><option>a<option selected>b<option>c</select>", "b"),
        ("<select><option>a<option>b</select>", "a"),
        ("<select multiple><option>a<option>b</select>", "a\nb"),
    ],
)
def test_what_a_list_says_is_what_is_chosen(choice, text):
    assert text_of(html_document(choice), only_chosen=True) == text


def test_the_text_of_a_part_does_not_depend_on_what_the_part_is():
    document = html_document("<dialog>a</dialog><p hidden>b</p>tail<option>c</option>")

    assert [text_of(part) for part in document.cssselect("dialog, p, option")] == ["a", "b", "c"]


def test_parts_can_be_left_out():
    document = html_document("<p>a <b>b</b> c<i>d</i></p>")

    assert text_of(document, without=document.cssselect("b")) == "a cd"


def test_each_element_of_xml_stands_on_a_line_of_its_own():
    assert text_of(xml_document("<rates><day>Mon</day><eur>1.5</eur></rates>")) == "Mon\n1.5"


@pytest.mark.parametrize("name", ["title", "link", "source", "symbol", "details", "select", "desc"])
def test_an_element_of_xml_whose_name_means_something_in_html_is_read(name):
    assert text_of(xml_document(f"<a>x<{name}><b>y</b></{name}></a>")) == "x\ny"


def test_scripts_and_styles_are_not_read_in_xml_either():
    assert text_of(xml_document("<a>x<style>y</style><script>z</script></a>")) == "x"


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 2_000 + "x",
        "<a>" * 50_000,
        '<a><img alt="">' * 20_000,
        "<b><a>" * 800 + '<img alt="x"> ' * 20_000,
        "<select>" * 300 + "<option>x" * 20_000,
        "<details>" * 300 + "<p>x" * 20_000,
        "<p>" + '<b class="sr-only">x</b>' * 30_000,
        "<p style='" + "display:" * 50_000 + "'>x",
        "<p class='" + "sr-" * 100_000 + "'>x",
    ],
    ids=[
        *("deep", "links", "pictures", "nested links", "options", "details", "screen readers"),
        *("style", "class"),
    ],
)
def test_a_page_made_to_take_time_is_read_at_once(half_a_second_of_cpu, hostile):
    text_of(html_document(hostile), only_chosen=True)
