"""What a page is, judged by its content: JSON, feeds, XML, PDF, and plain text."""

import re

import pytest

from executions.pages.finding import find
from executions.pages.page import Item, PageKind, Unreadable
from executions.pages.parse_page import parse_page
from executions.pages.parsing import parse
from tests.support.pdf import pdf
from tests.support.watched_pages import select_number

HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (b"<p>a", "", PageKind.HTML),
        (b"<p>a", "application/octet-stream", PageKind.HTML),
        (b'<?xml version="1.0"?><!DOCTYPE html><html><p>a', "application/xhtml+xml", PageKind.HTML),
        (b'{"a": 1}', HTML, PageKind.JSON),
        (b' [{"a": 1}]', "text/plain", PageKind.JSON),
        (b'\xef\xbb\xbf{"a": 1}', "application/octet-stream", PageKind.JSON),
        ('{"a": "ä"}'.encode("cp1252"), "application/json; charset=cp1252", PageKind.JSON),
        (b"{not JSON}", HTML, PageKind.HTML),
        (b"[1] A note", "text/plain", PageKind.TEXT),
        (b"a", "text/plain", PageKind.TEXT),
        (b"a,b\n1,2", "text/csv", PageKind.TEXT),
        (b"# a\n\nb", "text/markdown", PageKind.TEXT),
        (b" <p>a", "text/x-server-parsed-html", PageKind.HTML),
        (b"<rss><channel/></rss>", HTML, PageKind.FEED),
        (b"<!-- a --><feed xmlns='http://www.w3.org/2005/Atom'/>", "text/plain", PageKind.FEED),
        (b"<?xml version='1.0'?>\n<rdf:RDF xmlns:rdf='r'/>", "application/xml", PageKind.FEED),
        (b"<urlset><url/></urlset>", "application/xml", PageKind.XML),
        (b"<?xml-stylesheet?><a/>", "text/xml", PageKind.XML),
    ],
)
def test_a_page_is_judged_by_its_content(body, content_type, kind):
    assert parse_page(body, content_type).kind == kind


@pytest.mark.parametrize(
    ("page", "language"),
    [
        ('<html lang="de-CH"><p>a', "de-CH"),
        ('<html lang=" de "><p>a', "de"),
        ("<html><p>a", "fr"),
        ('<html lang=""><p>a', "fr"),
    ],
)
def test_a_page_names_its_language_or_else_the_server_does(page, language):
    assert parse_page(page.encode(), HTML, language="fr, en").language == language


def test_plain_text_is_read_line_by_line():
    assert parse_page(b"a\r\n b\rc\n", "text/plain").text == "a\n b\nc\n"


def test_csv_is_not_read_as_html_in_one_line():
    page = parse_page(b"name,seats\r\nHall,4 <b\r\nBarn,9\r\n", "text/csv; charset=utf-8")

    assert page.text == "name,seats\nHall,4 <b\nBarn,9\n"


def test_the_names_in_xml_need_no_namespaces():
    page = parse_page(
        b"""<?xml version="1.0"?><g:rates xmlns:g="urn:g" xmlns="urn:e"><Day>Mon&nbsp;1</Day>
        <Rate currency="USD">1.0853</Rate></g:rates>""",
        "application/xml",
    )

    assert page.text == "Mon 1\n1.0853"
    assert page.document.xpath("//Rate/@currency") == ["USD"]
    assert select_number(page, "css", "Rate")[1] == "1.0853"


RSS = b"""<?xml version="1.0" encoding="windows-1252"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>News &amp; more</title><lastBuildDate>Mon, 2 Mar 2026</lastBuildDate><language>de</language>
<item><title>One</title><link>/one</link><guid>id-1</guid><pubDate>x</pubDate>
<description>&lt;p&gt;A &lt;b&gt;st&lt;/b&gt;ory &amp;amp; more&lt;/p&gt;</description></item>
<item><title><![CDATA[Two <i>T</i>]]></title><guid>https://n.example/2</guid>
<description>short</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded></item>
<item><description>no title, caf\xe9</description></item>
</channel></rss>"""


def test_a_feed_is_read_as_its_entries():
    page = parse_page(RSS, "application/rss+xml", url="https://n.example/feed")

    assert page.title == "News & more"
    assert page.language == "de"
    assert page.items == (
        Item(key="id-1", title="One", url="https://n.example/one", text="A story & more"),
        Item(key="https://n.example/2", title="Two T", url="https://n.example/2", text="long"),
        Item(key="no title, café", title="", url="", text="no title, café"),
    )
    assert page.text == "News & more\nOne\nA story & more\nTwo T\nlong\nno title, café"
    assert next(title.text for title in page.document.cssselect("item > title")) == "One"


PRICES = b"<List><Item><Title>A</Title><unitPrice>5</unitPrice></Item><item/></List>"


@pytest.mark.parametrize(
    ("page", "condition"),
    [
        (RSS, 'css("pubdate") == "x"'),
        (RSS, 'css("pubDate") == "x"'),
        (RSS, 'css("CHANNEL > item:first-of-type pubdate") == "x"'),
        (RSS, 'in css("item") css("pubdate") == "x"'),
        (RSS, 'in css("item") contains "One /one id-1 x"'),
        (PRICES, 'css("list unitprice") == 5'),
        # A name that is written in both ways is the one that was written.
        (PRICES, 'exists css("item:empty")'),
        (PRICES, 'exists css("Item Title")'),
    ],
)
def test_an_old_rule_whose_selector_has_no_capitals_still_finds_elements_of_xml(page, condition):
    found = find(parse(condition), parse_page(page, "application/xml"), None)

    assert found.holds is True, found.evidence


@pytest.mark.parametrize("condition", ['exists css("pubdat")', 'exists xpath("//pubdate")'])
def test_a_selector_in_xml_finds_nothing_else(condition):
    assert find(parse(condition), parse_page(RSS, "application/xml"), None).holds is False


ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB"><title>Releases</title>
<updated>2026-03-02</updated><entry><id>urn:1</id><title type="html">v1 &amp;mdash; out</title>
<link rel="self" href="/self"/><link href="https://r.example/1"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">It <b>wor</b>ks</div></content>
</entry></feed>"""


def test_an_atom_feed_is_read_as_its_entries():
    page = parse_page(ATOM, "application/atom+xml", url="https://r.example/feed")

    assert (page.title, page.language) == ("Releases", "en-GB")
    (item,) = page.items
    assert (item.key, item.title, item.url) == ("urn:1", "v1 — out", "https://r.example/1")
    assert item.text.split() == ["It", "wor", "ks"]


def test_a_json_feed_is_read_as_its_entries():
    page = parse_page(
        b"""{"version": "https://jsonfeed.org/version/1.1", "title": "News", "language": "en",
        "items": [{"id": 1, "url": "/1", "title": "One", "content_html": "<p>A<b>b</b>"}, {}, 5,
        {"id": "2", "external_url": "javascript:x", "content_text": "t", "title": null}]}""",
        "application/feed+json",
        url="https://n.example/feed.json",
    )

    assert (page.kind, page.title, page.language) == (PageKind.FEED, "News", "en")
    assert page.items == (
        Item(key="1", title="One", url="https://n.example/1", text="Ab"),
        Item(key="", title="", url="", text=""),
        Item(key="2", title="", url="", text="t"),
    )
    assert page.data["title"] == "News"


@pytest.mark.parametrize("content_type", ["application/pdf", "application/octet-stream", HTML])
def test_the_text_of_a_pdf_is_read(content_type):
    page = parse_page(pdf(b"In stock", b"Second  page"), content_type)

    assert (page.kind, page.text, page.title) == (PageKind.PDF, "In stock\nSecond page", "")


def test_the_first_pages_of_a_long_pdf_are_read():
    page = parse_page(pdf(*(b"page %d" % number for number in range(60))), "application/pdf")

    assert page.text.splitlines()[-1] == "page 49"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"%PDF-1.4", "it is a PDF that is broken"),
        (pdf(b""), "it is a PDF without text, perhaps a scan"),
        (
            pdf(
                b"a", more=b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O(%b)/U(%b)>>"
            ).replace(b"(%b)", b"<" + b"00" * 32 + b">"),
            "it is a PDF that needs a password",
        ),
    ],
    ids=["broken", "no text", "password"],
)
def test_a_pdf_that_cannot_be_read_says_why(body, message):
    with pytest.raises(Unreadable, match=f"^{re.escape(message)}$"):
        parse_page(body, "application/pdf")
