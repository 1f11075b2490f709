"""Feeds, plain text, PDF and XML: new items are told with their links, and dates of builds are not."""

from collections.abc import Callable

from benchmarks.monitors.case import Case, Served, body, case, fails, html, json_of, quiet, told

RSS_TYPE, ATOM_TYPE = "application/rss+xml; charset=utf-8", "application/atom+xml"


def rss(*titles: str, built: str = "09:45", content_type: str = RSS_TYPE, more: str = "") -> Served:
    """Return a feed with the newest item first; an item's link and guid come from its title."""
    items = "".join(
        f"<item><title>{title}</title><link>https://news.example/{slug(title)}</link><guid isPermaLink='false'>{slug(title)}</guid>"
        f"<pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate><description><![CDATA[<p>{title}, the whole story.</p>]]></description>{more}</item>"
        for title in titles
    )
    text = f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'><channel><title>News</title><link>https://news.example/</link><description>All news</description><lastBuildDate>Mon, 02 Mar 2026 {built}:00 GMT</lastBuildDate>{items}</channel></rss>"
    return body(text.encode(), content_type)


def atom(*titles: str, updated: str = "09:45") -> Served:
    entries = "".join(
        f"<entry><id>tag:github.com,2008:Repository/1/{slug(title)}</id><title>{title}</title><link rel='alternate' type='text/html' href='https://git.example/releases/{slug(title)}'/><updated>2026-03-02T08:00:00Z</updated><content type='html'>&lt;p&gt;Notes of {title}&lt;/p&gt;</content></entry>"
        for title in titles
    )
    text = f"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'><id>tag:git.example</id><title>Releases</title><updated>2026-03-02T{updated}:00Z</updated>{entries}</feed>"
    return body(text.encode(), ATOM_TYPE)


def json_feed(*titles: str) -> Served:
    items = [
        {
            "id": slug(title),
            "url": f"https://blog.example/{slug(title)}",
            "title": title,
            "content_text": title,
        }
        for title in titles
    ]
    return json_of(
        {"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": items},
        content_type="application/feed+json",
    )


def slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def text(*rows: str, content_type: str = "text/plain; charset=utf-8") -> Served:
    return body("\n".join(rows).encode(), content_type)


def pdf(*rows: str) -> Served:
    """Return a PDF of one page with `rows` in ASCII, with an exact table of cross references."""
    shown = " ".join(f"({row}) Tj T*" for row in rows)
    stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    written, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return body((written + end).encode("latin-1"), "application/pdf")


def xml(seats: int, at: str = "09:45") -> Served:
    return body(
        f"<?xml version='1.0'?><hall generated='{at}'><name>Great hall</name><seats>{seats}</seats></hall>".encode(),
        "application/xml",
    )


def items(name: str, rule: str, feed: Callable[..., Served]) -> Case:
    """Return a case in which a feed gets a new item, and later loses its oldest."""
    return case(
        name,
        rule,
        quiet(feed("Fair opens", "Bridge closed")),
        quiet(feed("Fair opens", "Bridge closed")),
        told(
            feed("Ferry cancelled", "Fair opens", "Bridge closed"),
            "ferry cancelled",
            "ferry-cancelled",
            unsaid=("bridge closed",),
        ),
        quiet(feed("Ferry cancelled", "Fair opens")),
        told(
            feed("Pool reopens", "Library burns", "Ferry cancelled"),
            "pool reopens",
            "library burns",
            unsaid=("fair opens",),
        ),
    )


CASES = [
    items("rss-new-items", "new items", rss),
    items("atom-new-items", "new items", atom),
    items("json-feed-new-items", "new items", json_feed),
    items("rss-in-feed-new-items", "in feed new items", rss),
    items("rss-as-text-xml", "new items", lambda *titles: rss(*titles, content_type="text/xml")),
    items(
        "rss-as-html",
        "new items",
        lambda *titles: rss(*titles, content_type="text/html; charset=utf-8"),
    ),
    items(
        "rss-as-octets",
        "new items",
        lambda *titles: rss(*titles, content_type="application/octet-stream"),
    ),
    case(
        "rss-build-date-is-noise",
        "changes",
        quiet(rss("Fair opens")),
        quiet(rss("Fair opens", built="10:00")),
        quiet(rss("Fair opens", built="10:15")),
        told(rss("Ferry cancelled", "Fair opens", built="10:30"), "ferry cancelled"),
    ),
    case(
        "atom-updated-is-noise",
        "changes",
        quiet(atom("v1.0")),
        quiet(atom("v1.0", updated="10:00")),
        told(atom("v1.1", "v1.0", updated="10:15"), "v1.1"),
    ),
    case(
        "build-date-is-no-new-item",
        "new items",
        quiet(rss("Fair opens")),
        quiet(rss("Fair opens", built="10:00")),
        told(rss("Ferry cancelled", "Fair opens"), "ferry cancelled"),
    ),
    case(
        "comment-counts-are-noise",
        "new items",
        quiet(rss("Fair opens", more="<slash:comments>3</slash:comments>")),
        quiet(rss("Fair opens", more="<slash:comments>9</slash:comments>")),
        told(rss("Ferry cancelled", "Fair opens"), "ferry cancelled"),
    ),
    case(
        "reordered-items-are-not-new",
        "new items",
        quiet(rss("Fair opens", "Bridge closed")),
        quiet(rss("Bridge closed", "Fair opens")),
        told(
            rss("Bridge closed", "Ferry cancelled", "Fair opens"),
            "ferry cancelled",
            unsaid=("fair opens",),
        ),
    ),
    case(
        "item-that-comes-back-is-not-new",
        "new items",
        quiet(rss("Fair opens", "Bridge closed")),
        quiet(rss("Fair opens")),
        quiet(rss("Fair opens", "Bridge closed")),
        told(rss("Ferry cancelled", "Fair opens"), "ferry cancelled"),
    ),
    case(
        "empty-feed-at-first",
        "new items",
        quiet(rss()),
        told(rss("Fair opens"), "fair opens", "https://news.example/fair-opens"),
    ),
    case(
        "feed-is-empty-for-a-while",
        "new items",
        quiet(rss("Fair opens", "Bridge closed")),
        quiet(rss()),
        quiet(rss("Fair opens", "Bridge closed")),
        told(rss("Ferry cancelled", "Fair opens"), "ferry cancelled", unsaid=("fair opens",)),
    ),
    case(
        "html-error-instead-of-a-feed",
        "new items",
        quiet(rss("Fair opens")),
        fails(
            html(
                "<html><head><title>503 Service Temporarily Unavailable</title></head><body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
            ),
            "503",
            "unavailable",
            "feed",
        ),
        quiet(rss("Fair opens")),
        told(rss("Ferry cancelled", "Fair opens"), "ferry cancelled", unsaid=("fair opens",)),
    ),
    case(
        "contains-in-a-feed",
        'contains "strike"',
        quiet(rss("Fair opens")),
        told(rss("Rail strike on Friday", "Fair opens"), "strike"),
        quiet(rss("Rail strike on Friday", "Fair opens")),
    ),
    case(
        "contains-in-the-description",
        'contains "the whole story"',
        quiet(rss()),
        told(rss("Fair opens")),
    ),
    case(
        "new-items-of-a-large-feed",
        "new items",
        quiet(rss(*[f"Notice {n}" for n in range(100)])),
        told(
            rss("Notice 100", *[f"Notice {n}" for n in range(99)]),
            "notice 100",
            unsaid=("notice 98",),
        ),
    ),
    case(
        "markup-in-titles",
        "new items",
        quiet(rss("Fair opens")),
        told(rss("Rock &amp; roll &#8211; live", "Fair opens"), "rock & roll", unsaid=("&amp;",)),
    ),
    case(
        "plain-text-new-lines",
        "new lines",
        quiet(text("2026-03-01 open", "2026-03-02 closed")),
        told(
            text("2026-03-01 open", "2026-03-02 closed", "2026-03-03 open"),
            "2026-03-03 open",
            unsaid=("2026-03-02",),
        ),
        quiet(text("2026-03-02 closed", "2026-03-03 open")),
    ),
    case(
        "plain-text-changes",
        "changes",
        quiet(text("# Changes", "1.0 First release")),
        told(
            text("# Changes", "1.1 Mends imports", "1.0 First release"),
            "1.1 mends imports",
            unsaid=("first release",),
        ),
    ),
    case(
        "plain-text-line-ends-are-noise",
        "changes",
        quiet(text("a: open", "b: closed")),
        quiet(body(b"a: open\r\nb: closed\r\n", "text/plain")),
        told(text("a: open", "b: open"), "b: open"),
    ),
    case(
        "plain-text-with-tags-in-it",
        'contains "<vector> fixed"',
        quiet(text("#include <vector>")),
        told(text("#include <vector>", "BUG 3: <vector> fixed")),
    ),
    case(
        "markdown-file",
        'contains "## 2.0"',
        quiet(text("# Changelog", "## 1.9", content_type="text/markdown")),
        told(text("# Changelog", "## 2.0", "## 1.9", content_type="text/markdown")),
    ),
    case(
        "csv-new-lines",
        "new lines",
        quiet(text("name,seats", "Hall,4", content_type="text/csv")),
        told(
            text("name,seats", "Hall,4", "Barn,9", content_type="text/csv"),
            "barn,9",
            unsaid=("hall",),
        ),
    ),
    case(
        "robots-like-text-sent-as-html",
        "changes",
        quiet(html("a: open\nb: closed")),
        told(html("a: open\nb: open"), "b: open"),
    ),
    case(
        "pdf-contains",
        'contains "Room 12"',
        quiet(pdf("Timetable", "Monday: Room 9")),
        told(pdf("Timetable", "Monday: Room 12"), "room 12"),
        quiet(pdf("Timetable", "Monday: Room 12")),
    ),
    case(
        "pdf-changes",
        "changes",
        quiet(pdf("Timetable", "Monday: Room 9")),
        quiet(pdf("Timetable", "Monday: Room 9")),
        told(pdf("Timetable", "Monday: Room 12"), "room 12"),
    ),
    case(
        "pdf-sent-as-octets",
        'contains "Room 12"',
        quiet(
            Served(
                body=pdf("Monday: Room 9").body,
                headers={"Content-Type": "application/octet-stream"},
            )
        ),
        told(
            Served(
                body=pdf("Monday: Room 12").body,
                headers={"Content-Type": "application/octet-stream"},
            )
        ),
    ),
    case(
        "pdf-negated",
        'does not contain "postponed"',
        quiet(pdf("The hearing is postponed.")),
        told(pdf("The hearing is on 14 May.")),
    ),
    case(
        "xml-changes", "changes", quiet(xml(4)), quiet(xml(4, "10:00")), told(xml(3, "10:15"), "3")
    ),
    case("xml-number", 'css("seats") < 3', quiet(xml(4)), told(xml(2)), quiet(xml(1))),
    case("xml-xpath", 'in xpath("//seats") contains "2"', quiet(xml(4)), told(xml(2))),
    case(
        "binary-is-refused",
        "changes",
        fails(
            body(b"\x89PNG\r\n\x1a\n" + bytes(200), "image/png"),
            "image",
            "png",
            "cannot be watched",
        ),
    ),
]
