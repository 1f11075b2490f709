"""Reading a page without a rule: what a person sees, where it leads, and when it was published."""

import asyncio
import json

import pytest

from executions.confined import confined
from executions.pages.documents import html_document
from executions.pages.examine import NotThePage
from executions.pages.page import Download, Unreadable
from executions.pages.plain_reading import PlainReading, read_plainly
from executions.pages.visible_text import text_and_links_of
from tests.support.looked_at import PRODUCT
from tests.support.pdf import pdf

ADDRESS = "https://news.example/2026/a?b=c"
STORY = "<p>A whole story, long enough not to be taken for an error page or a wall.</p>" * 5


def download(body: str | bytes, content_type: str = "text/html", **headers: str) -> Download:
    return Download(
        requested_url=ADDRESS,
        url=ADDRESS,
        status=200,
        headers={
            "content-type": content_type,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        body=body if isinstance(body, bytes) else body.encode(),
    )


def read(body: str, head: str = "<title>The news</title>", **headers: str) -> PlainReading:
    return read_plainly(
        download(f"<html><head>{head}</head><body>{body}{STORY}</body></html>", **headers)
    )


def links(body: str, head: str = "") -> list[tuple[str, str]]:
    return [*read(body, head).links]


def test_a_page_is_read_in_a_child_process():
    body = (
        "<html><head><title> The\n news </title></head><body><h1>Hello</h1><p>It is <b>new</b>."
        f'<a href="/b">More</a></p>{STORY}</body></html>'
    )
    page = download(body, last_modified="Fri, 02 Jan 2026 10:00:00 GMT")

    reading = asyncio.run(confined(read_plainly, page))

    (line,) = {*reading.text.splitlines()[2:]}
    assert line == "A whole story, long enough not to be taken for an error page or a wall."
    assert reading.text.startswith("Hello\nIt is new.More\n")
    assert (reading.url, reading.title) == (ADDRESS, "The news")
    assert reading.links == (("More", "https://news.example/b"),)
    assert reading.published == "2026-01-02"


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- SECRET -->",
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<noscript>SECRET</noscript>",
        "<template>SECRET</template>",
        "<p hidden>SECRET</p>",
        '<div style="display: none">SECRET <a href="/b">SECRET</a></div>',
        '<p style="visibility:hidden">SECRET</p>',
        '<meta name="description" content="SECRET">',
        '<meta property="og:title" content="SECRET">',
        '<p title="SECRET" aria-label="SECRET" data-x="SECRET">Shown</p>',
        '<a href="/b" hidden>SECRET</a>',
        '<dialog><a href="/b">SECRET</a></dialog>',
        "<svg><title>SECRET</title></svg>",
    ],
)
def test_what_is_hidden_is_not_read(hidden):
    reading = read(hidden)

    assert "SECRET" not in reading.title + reading.text
    assert reading.links == ()


@pytest.mark.parametrize("title", ["A" * 300, "<b>Bold</b> title", "One &amp; two"])
def test_the_title_is_no_part_of_the_text(title):
    reading = read("<h1>Heading</h1>", f"<title>{title}</title>")

    assert reading.title
    assert reading.text.startswith("Heading\n")


def test_a_heading_that_repeats_the_title_stays_in_the_text():
    assert read("<h1>The news</h1>").text.startswith("The news\nA whole story")


def test_a_page_without_a_title_has_none():
    assert read("", head="").title == ""


def test_a_long_text_is_cut():
    reading = read(f"<p>{'word ' * 50_000}</p>")

    assert len(reading.text) == 200_000


# Links.


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://other.example/x", "https://other.example/x"),
        ("//other.example/x", "https://other.example/x"),
        ("/x", "https://news.example/x"),
        ("x", "https://news.example/2026/x"),
        ("?d=e", "https://news.example/2026/a?d=e"),
        (" /with space\n", "https://news.example/with%20space"),
        ("/x#part", "https://news.example/x"),
        ("HTTP://other.example/", "HTTP://other.example/"),
    ],
)
def test_a_link_has_its_absolute_address(href, url):
    assert links(f'<a href="{href}">There</a>') == [("There", url)]


@pytest.mark.parametrize(
    "href",
    [
        "",
        "#",
        "#part",
        "?b=c#part",
        ADDRESS,
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "mailto:a@news.example",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://",
        "http://[::1/",
        "http:///x",
        "/a\\b",
        "/a\x01b",
        "/" + "a" * 2_000,
    ],
)
def test_what_leads_to_no_other_page_is_left_out(href):
    assert links(f'<a href="{href}">There</a>') == []


def test_a_link_without_an_address_or_a_text_is_left_out():
    assert links('<a>Nowhere</a> <a name="b">Here</a> <a href="/c"><img src="d"></a>') == []


def test_a_picture_is_a_links_text_by_its_alternative():
    assert links('<a href="/c"><img src="d" alt="The  map"></a>') == [
        ("The map", "https://news.example/c")
    ]


def test_links_are_relative_to_the_base():
    assert links('<a href="x">X</a>', '<base href="/old/">') == [
        ("X", "https://news.example/old/x")
    ]


def test_a_link_has_its_text_on_one_line_and_cut():
    (link,) = links(f'<a href="/x"><h2>One</h2><p>two</p>{"word " * 100}</a>')

    assert link[0].startswith("One two word word")
    assert len(link[0]) == 200


def test_each_page_is_linked_once_with_its_first_text():
    assert links('<a href="/x">One</a> <a href="/x#part">Two</a>') == [
        ("One", "https://news.example/x")
    ]


def test_links_of_the_content_come_first_and_there_are_sixty():
    around = "".join(f'<a href="/nav/{number}">Menu</a>' for number in range(100))
    own = "".join(f'<a href="/own/{number}">Story</a>' for number in range(50))

    found = links(f"<nav>{around}</nav><header>{around}</header>{own}<footer>{around}</footer>")

    assert found == [
        *(("Story", f"https://news.example/own/{number}") for number in range(50)),
        *(("Menu", f"https://news.example/nav/{number}") for number in range(10)),
    ]


@pytest.mark.parametrize(
    "long", ["<b>a</b>" * 50_000, "a " * 1_000_000], ids=["many pieces", "one piece"]
)
def test_long_links_in_links_are_read_soon(long):
    body = '<a href="/x"><span>' * 900 + long + "</span></a>" * 900

    reading = asyncio.run(confined(read_plainly, download(f"<body>{body}{STORY}")))

    ((text, _),) = reading.links
    assert text.startswith("a")


def test_only_the_first_thousand_links_are_looked_at():
    document = html_document("".join(f'<a href="{number}">There</a>' for number in range(1_100)))

    _, found = text_and_links_of(document)

    assert [element.get("href") for _, element in found] == [*map(str, range(1_000))]


# When it was published.

ARTICLE = {"@type": "NewsArticle", "datePublished": "2026-01-03T23:30:00-05:00"}
META = '<meta property="article:published_time" content="{}">'
LD = '<script type="application/ld+json">{}</script>'


@pytest.mark.parametrize(
    ("head", "published"),
    [
        (META.format("2026-01-02T23:30:00+01:00"), "2026-01-02"),
        (META.format("2026-01-02"), "2026-01-02"),
        (META.format("2026-01-02") + LD.format(json.dumps(ARTICLE)), "2026-01-02"),
        (LD.format(json.dumps(ARTICLE)), "2026-01-03"),
        (LD.format(json.dumps({"@graph": [{"@type": "WebSite"}, ARTICLE]})), "2026-01-03"),
        (LD.format(json.dumps({"datePublished": ["2026-01-04"]})), "2026-01-04"),
        ("", "2025-12-31"),
        (META.format("yesterday"), "2025-12-31"),
        (META.format("2026-02-30"), "2025-12-31"),
        (META.format("2026-01-021"), "2025-12-31"),
        ('<meta property="article:published_time">', "2025-12-31"),
        (LD.format("{"), "2025-12-31"),
        (LD.format(json.dumps({"datePublished": 20260104})), "2025-12-31"),
        (LD.format(json.dumps({"datePublished": {"a": "b"}})), "2025-12-31"),
    ],
)
def test_a_page_was_published_when_it_says_or_else_changed(head, published):
    reading = read("", head, last_modified="Wed, 31 Dec 2025 10:00:00 GMT")

    assert reading.published == published


@pytest.mark.parametrize("header", ["", "soon", "Wed, 99 Dec 2025 10:00:00 GMT", "0", "\0"])
def test_without_a_date_it_is_empty(header):
    assert read("", last_modified=header).published == ""
    assert read("").published == ""


# Other kinds of pages.


def test_a_feeds_entries_are_its_links():
    feed = """<rss version="2.0"><channel><title>News</title><link>/</link>
        <item><title>First</title><link>/1</link><description>One</description></item>
        <item><title>Second</title><link>https://other.example/2</link></item></channel></rss>"""

    reading = read_plainly(download(feed, "application/rss+xml"))

    assert reading.title == "News"
    assert reading.links == (
        ("First", "https://news.example/1"),
        ("Second", "https://other.example/2"),
    )


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ('{"price": 12, "at": "http://a.example/"}', "application/json", '"price": 12'),
        ("one\r\ntwo http://a.example/", "text/plain", "one\ntwo"),
        (pdf(b"A map of the town"), "application/pdf", "A map of the town"),
        ("<a><b>Text</b></a>", "application/xml", "Text"),
    ],
    ids=["JSON", "text", "PDF", "XML"],
)
def test_other_kinds_have_a_text_and_no_links(body, content_type, text):
    reading = read_plainly(download(body, content_type))

    assert text in reading.text
    assert (reading.links, reading.published) == ((), "")


def test_an_image_is_unreadable():
    with pytest.raises(Unreadable, match="it is image/png, not text"):
        asyncio.run(confined(read_plainly, download(b"\x89PNG", "image/png")))


@pytest.mark.parametrize(
    "body",
    [
        "<title>Just a moment...</title><p>Checking your browser before you continue.</p>",
        "<title>404 Not Found</title><h1>Not Found</h1>",
        "",
    ],
    ids=["wall", "error", "empty"],
)
def test_what_is_not_the_page_is_not_read(body):
    with pytest.raises(NotThePage) as raised:
        asyncio.run(confined(read_plainly, download(body)))

    assert raised.value.no_page.about(ADDRESS).startswith(ADDRESS)


def test_an_ordinary_page_is_read_as_a_person_sees_it():
    reading = read_plainly(download(PRODUCT))

    assert reading.title == "Copper kettle | The Shop"
    assert reading.text.splitlines()[:3] == [
        "Home Kettles Cart",
        "Copper kettle",
        "A kettle for people who like their tea strong and their kitchen shiny.",
    ]
    assert [text for text, _ in reading.links] == ["Home", "Kettles", "Cart"]
