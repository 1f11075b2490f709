"""Text that a page's own styles keep people from seeing is not read for a language model."""

import pytest

from executions.pages.hidden_by_style import hidden_by_style
from executions.pages.page import Download
from executions.pages.parse_page import parse_page
from executions.pages.plain_reading import PlainReading, read_plainly
from tests.support.cpu_time import cpu_time_below

URL = "http://news.example/"
NESTED = ("<b class=a>" * 99 + "</b>" * 99) * 200


def read_page(html: str) -> PlainReading:
    headers = {"content-type": "text/html; charset=utf-8"}
    body = html.encode()
    return read_plainly(
        Download(requested_url=URL, url=URL, status=200, headers=headers, body=body)
    )


def read(html: str) -> str:
    return read_page(html).text


@pytest.mark.parametrize(
    "style",
    [
        "font-size:0",
        "font-size: 0.0px !important",
        "font-size:1px",
        "opacity:0",
        "opacity: .0;",
        "filter:opacity(0%)",
        "color:#fff",
        "COLOR: White",
        "color:rgb(255, 255, 255)",
        "color:#fefefe",
        "color:transparent",
        "color:rgba(0,0,0,0)",
        "color:red;background:red",
        "background-color:#000;color:#000",
        "position:absolute;left:-9999px",
        "margin-left:-5000px",
        "text-indent:-9999px",
        "height:0;overflow:hidden",
        "max-height:0px; overflow-y:hidden",
        "width:1px;height:1px;overflow:hidden",
        "clip:rect(0,0,0,0)",
        "clip-path:inset(50%)",
        "transform:scale(0)",
        "transform:translateX(1px) scaleY(0)",
        "/* a */content-visibility:hidden",
    ],
)
def test_text_that_a_style_hides_is_left_out(style):
    html = f'<p>The news of the day.</p><p style="{style}">Hidden words <b>too</b>.</p> After.'

    assert read(html) == "The news of the day.\nAfter."


@pytest.mark.parametrize(
    "html",
    [
        '<p style="font-size:0.9em">Seen words</p>',
        '<p style="font-size:10px">Seen words</p>',
        '<p style="opacity:0.8">Seen words</p>',
        '<p style="color:#fff;background:#000">Seen words</p>',
        '<div style="background:navy"><p style="color:white">Seen words</p></div>',
        '<table bgcolor="black"><tr><td style="color:white">Seen words</td></tr></table>',
        '<div class="hero"><h1 style="color:#fff">Seen words</h1></div>',
        '<p style="color:#000">Seen words</p>',
        '<p style="left:-9px;position:relative">Seen words</p>',
        '<p style="margin-left:-20px">Seen words</p>',
        '<p style="height:0">Seen words</p>',
        '<p style="transform:scale(0.5)">Seen words</p>',
        "<style>.a:hover{display:none}</style><p class=a>Seen words</p>",
        "<style>.b > .a{display:none}</style><p class=a>Seen words</p>",
        "<style>.b .a, p#c{display:none}</style><p class=a>Seen words</p>",
        "<style>@media print{.a{display:none}}</style><p>Seen words</p>",
        "<style>p >{display:none} ((({font-size:0}</style><p>Seen words</p>",
        '<div style="opacity:0;transform:translateY(20px)">Seen words, which fade in</div>',
    ],
)
def test_text_that_people_see_is_read(html):
    assert "Seen words" in read(f"<body>{html}</body>")


def test_a_body_that_is_hidden_until_a_script_has_run_is_read():
    html = "<style>body{opacity:0;visibility:hidden}</style><body style='font-size:0'>Seen words"

    assert read(html) == "Seen words"


@pytest.mark.parametrize(
    "sheet",
    [
        ".a{display:none}",
        "p.a, .b { Visibility : hidden }",
        "/* .c{} */ body > .a{font-size:0 !important}",
        ".a{position:absolute;left:-10000px}",
        ".a{opacity:0}",
        "body .x.a{display:none}",
    ],
)
def test_text_that_a_style_sheet_of_the_page_hides_is_left_out(sheet):
    html = f"<style>{sheet}</style><body><p>The news of the day.<p class='x a'>Hidden words"

    assert read(html) == "The news of the day."


def test_links_in_hidden_text_are_left_out():
    html = '<p>The news of the day.</p><p style="opacity:0"><a href="/x">Hidden</a></p>'

    assert read_page(html).links == ()


def test_what_the_page_monitor_reads_stays_as_it_is():
    html = '<p>The news of the day.</p><p style="opacity:0">More words.</p>'

    page = parse_page(html.encode(), "text/html", language="", url=URL)

    assert page.text == "The news of the day.\nMore words."


@pytest.mark.parametrize(
    "html",
    [
        ("<b style=color:white>" * 99 + "</b>" * 99) * 200,
        ("<b style=opacity:0>x" * 99 + "</b>" * 99) * 200,
        "<style>" + "".join(f".b{n} .a{{opacity:0}}" for n in range(300)) + "</style>" + NESTED,
        "<style>" + ".a .a ~ .a{display:none}" * 300 + "</style>" + NESTED,
        "<p style='" + "color:" * 100_000 + "'>x",
        "<style>" + "{" * 500_000 + "</style>x",
        "<style>" + "a" * 500_000 + "</style>x",
        "<style>" + "/*" * 250_000 + "</style>x",
        "<p style='" + "transform:" * 50_000 + "'>x",
    ],
    ids=lambda html: html[:40],
)
def test_a_hostile_page_is_looked_at_in_linear_time(html):
    document = parse_page(html.encode(), "text/html", language="", url=URL).document

    with cpu_time_below(3):
        count = sum(1 for _ in hidden_by_style(document))

    assert count <= 60_000
