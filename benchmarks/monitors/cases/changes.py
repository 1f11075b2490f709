"""`changes`: what a person calls a change is told with what changed, and noise is not told."""

from benchmarks.monitors.case import Case, case, quiet, told
from benchmarks.monitors.pages import article, document, lines, shop

COUNCIL = "The council decides about the swimming pool on 14 May."


def noise(name: str, before: str, after: str, real: str, *words: str) -> Case:
    """Return a case in which `after` differs from `before` by noise, and `real` by a change."""
    return case(
        name,
        "changes",
        quiet(before),
        quiet(after),
        quiet(before),
        quiet(after),
        told(real, *words),
    )


def with_beside(beside: str, text: str = COUNCIL) -> str:
    return article("Swimming pool", text, "Tickets are £ 4.", beside=beside)


def beside(name: str, before: str, after: str) -> Case:
    """Return a case in which what stands beside an article differs without meaning."""
    decided = with_beside(after, "The council has decided to build the swimming pool.")
    return noise(name, with_beside(before), with_beside(after), decided, "has decided to build")


def release(version: str, ago: str, stars: str = "1,204") -> str:
    return document(
        f'<div class="repohead"><span class="Counter">{stars}</span> stars</div>'
        f'<section><h2>{version}</h2><relative-time datetime="2026-03-02T09:{ago}:00Z">{ago} minutes ago</relative-time>'
        f'<div class="markdown-body"><ul><li>Mends the import of old files</li></ul></div></section>',
        title="Releases · lamp-firmware",
    )


def status(state: str, at: str) -> str:
    return document(
        f'<div class="page-status"><span class="status">{state}</span></div>'
        f'<p class="updated">Last updated: 2 March 2026, {at}</p><p>Uptime over the past 90 days.</p>',
        title="Status",
    )


CASES = [
    # What a person calls a change.
    case("unchanged", "changes", *[quiet(shop("£ 39.00", "In stock"))] * 4),
    case(
        "price-in-shop",
        "changes",
        quiet(shop("£ 39.00", "In stock")),
        told(shop("£ 35.00", "In stock"), "35.00"),
        quiet(shop("£ 35.00", "In stock")),
        told(shop("£ 35.00", "Sold out"), "sold out"),
    ),
    case(
        "one-word-in-a-long-article",
        "changes",
        quiet(article("Terms", *[f"Clause {n} applies to all orders." for n in range(200)])),
        told(
            article(
                "Terms",
                *[
                    f"Clause {n} applies to {'no' if n == 187 else 'all'} orders."
                    for n in range(200)
                ],
            ),
            "clause 187 applies to no orders",
        ),
    ),
    case(
        "change-at-the-end-of-a-very-long-page",
        "changes",
        quiet(
            lines(
                *[
                    f"Entry {n:05} of the register, unchanged since it was made"
                    for n in range(3000)
                ],
                "Seat 12: Hill",
            )
        ),
        told(
            lines(
                *[
                    f"Entry {n:05} of the register, unchanged since it was made"
                    for n in range(3000)
                ],
                "Seat 12: Dale",
            ),
            "seat 12: dale",
        ),
    ),
    case(
        "date-of-a-hearing-is-moved",
        "changes",
        quiet(article("Hearing", "The hearing is on 14 May 2026 at 10:00 in room 3.")),
        told(article("Hearing", "The hearing is on 21 May 2026 at 10:00 in room 3."), "21 may"),
        told(article("Hearing", "The hearing is on 21 May 2026 at 13:30 in room 3."), "13:30"),
    ),
    case(
        "only-a-digit-of-stock",
        "changes",
        quiet(shop("£ 39.00", "Only 4 left in stock")),
        told(shop("£ 39.00", "Only 1 left in stock"), "only 1 left"),
    ),
    case(
        "removed-line",
        "changes",
        quiet(lines("Monday: Anna", "Tuesday: Ben", "Wednesday: Cleo")),
        told(lines("Monday: Anna", "Wednesday: Cleo"), "tuesday: ben"),
    ),
    case(
        "reordered-lines",
        "changes",
        quiet(lines("1st: Ajax", "2nd: Feyenoord", title="Table")),
        told(lines("1st: Feyenoord", "2nd: Ajax", title="Table"), "1st: feyenoord"),
    ),
    case(
        "several-lines-in-several-places",
        "changes",
        quiet(lines(*[f"Bay {n}: free" for n in range(60)])),
        told(
            lines(*[f"Bay {n}: {'taken' if n in (3, 31, 58) else 'free'}" for n in range(60)]),
            "bay 3: taken",
            "bay 31: taken",
            "bay 58: taken",
            unsaid=("bay 30",),
        ),
    ),
    case(
        "case-of-letters-is-no-change-but-a-word-is",
        "changes",
        quiet(lines("In Stock")),
        told(lines("Not in stock"), "not in stock"),
    ),
    case(
        "back-to-what-it-was",
        "changes",
        quiet(lines("Gate A12")),
        told(lines("Gate B7"), "gate b7"),
        told(lines("Gate A12"), "gate a12"),
    ),
    case(
        "release-page",
        "changes",
        quiet(release("v2.4.0", "12")),
        quiet(release("v2.4.0", "27")),
        told(release("v2.4.1", "03"), "v2.4.1"),
    ),
    case(
        "status-page",
        "changes",
        quiet(status("All Systems Operational", "09:30")),
        quiet(status("All Systems Operational", "09:45")),
        told(status("Major Outage", "10:00"), "major outage"),
        quiet(status("Major Outage", "10:15")),
        told(status("All Systems Operational", "10:30"), "all systems operational"),
    ),
    case(
        "select-option-of-a-size",
        "changes",
        quiet(
            shop(
                "49 €", more="<select name=size><option>38<option>39 – sold out<option>40</select>"
            )
        ),
        told(shop("49 €", more="<select name=size><option>38<option>39<option>40</select>")),
    ),
    case(
        "button-from-sold-out-to-cart",
        "changes",
        quiet(shop("49 €", more='<button type="submit" disabled>Sold out</button>')),
        told(shop("49 €", more='<button type="submit">Add to cart</button>'), "add to cart"),
    ),
    case(
        "japanese-text",
        "changes",
        quiet(article("お知らせ", "チケットの販売は未定です。", lang="ja")),
        told(article("お知らせ", "チケットの販売は五月一日に始まります。", lang="ja"), "五月一日"),
    ),
    case(
        "arabic-text",
        "changes",
        quiet(article("إعلان", "التسجيل مغلق حاليا.", lang="ar")),
        told(article("إعلان", "التسجيل مفتوح الآن.", lang="ar"), "مفتوح"),
    ),
    case(
        "hindi-text",
        "changes",
        quiet(article("सूचना", "पंजीकरण बंद है।", lang="hi")),
        told(article("सूचना", "पंजीकरण खुला है।", lang="hi"), "खुला"),
    ),
    case(
        "thai-text",
        "changes",
        quiet(article("ประกาศ", "ยังไม่เปิดรับสมัคร", lang="th")),
        told(article("ประกาศ", "เปิดรับสมัครแล้ว", lang="th"), "เปิดรับสมัครแล้ว"),
    ),
    case(
        "no-condition-is-changes",
        "",
        quiet(lines("Closed for the season")),
        quiet(lines("Closed for the season")),
        told(lines("Open from Friday"), "open from friday"),
    ),
    case(
        "version-number",
        "changes",
        quiet(document("<h1>lamp 1.9.3</h1><p>pip install lamp</p>", title="lamp · PyPI")),
        told(document("<h1>lamp 1.9.4</h1><p>pip install lamp</p>", title="lamp · PyPI"), "1.9.4"),
    ),
    case(
        "waiting-time-of-a-registry-office",
        "changes",
        quiet(document("<p>Next free appointment: 3 June 2026</p>", title="Bürgeramt")),
        told(document("<p>Next free appointment: 9 March 2026</p>", title="Bürgeramt"), "9 march"),
    ),
    # Noise.
    noise(
        "token-nonce-and-cache-busters",
        shop("£ 39", token="a1"),
        shop("£ 39", token="b2"),
        shop("£ 29", token="c3"),
        "29",
    ),
    noise(
        "clock-in-the-header",
        document('<p class="clock">Mon 2 March 2026 09:45:12</p><p>Nothing to report.</p>'),
        document('<p class="clock">Mon 2 March 2026 10:00:13</p><p>Nothing to report.</p>'),
        document('<p class="clock">Mon 2 March 2026 10:15:11</p><p>The ferry is cancelled.</p>'),
        "ferry is cancelled",
    ),
    noise(
        "german-clock",
        document("<p>Stand: 02.03.2026, 09:45 Uhr</p><p>Keine Störungen.</p>", lang="de"),
        document("<p>Stand: 02.03.2026, 10:00 Uhr</p><p>Keine Störungen.</p>", lang="de"),
        document("<p>Stand: 02.03.2026, 10:15 Uhr</p><p>Linie 4 fällt aus.</p>", lang="de"),
        "linie 4 fällt aus",
    ),
    noise(
        "minutes-ago",
        lines("Road works <time>3 minutes ago</time>"),
        lines("Road works <time>18 minutes ago</time>"),
        lines("Bridge closed <time>1 minute ago</time>"),
        "bridge closed",
    ),
    noise(
        "hours-ago-from-just-now",
        lines("Road works · just now"),
        lines("Road works · 2 hours ago"),
        lines("Bridge closed · 2h ago"),
        "bridge closed",
    ),
    noise(
        "ago-in-german",
        lines("Baustelle, vor 5 Minuten", lang="de"),
        lines("Baustelle, vor einer Stunde", lang="de"),
        lines("Brücke gesperrt, vor 2 Minuten", lang="de"),
        "brücke gesperrt",
    ),
    noise(
        "ago-in-french",
        lines("Travaux, il y a 3 minutes", lang="fr"),
        lines("Travaux, il y a 2 heures", lang="fr"),
        lines("Pont fermé, il y a 1 minute", lang="fr"),
        "pont fermé",
    ),
    noise(
        "ago-in-spanish",
        lines("Obras, hace 3 minutos", lang="es"),
        lines("Obras, hace 18 minutos", lang="es"),
        lines("Puente cerrado, hace 1 minuto", lang="es"),
        "puente cerrado",
    ),
    noise(
        "ago-in-russian",
        lines("Ремонт дороги, 3 минуты назад", lang="ru"),
        lines("Ремонт дороги, 18 минут назад", lang="ru"),
        lines("Мост закрыт, 1 минуту назад", lang="ru"),
        "мост закрыт",
    ),
    noise(
        "ago-in-japanese",
        lines("工事中 3分前", lang="ja"),
        lines("工事中 18分前", lang="ja"),
        lines("通行止め 1分前", lang="ja"),
        "通行止め",
    ),
    noise(
        "visitor-counter",
        document("<p>Choir practice on Friday.</p><p>You are visitor number 001204</p>"),
        document("<p>Choir practice on Friday.</p><p>You are visitor number 001219</p>"),
        document("<p>Choir practice on Thursday.</p><p>You are visitor number 001233</p>"),
        "thursday",
    ),
    noise(
        "people-looking-at-this",
        shop("£ 39", more="<p>14 people are viewing this right now</p>"),
        shop("£ 39", more="<p>9 people are viewing this right now</p>"),
        shop("£ 36", more="<p>9 people are viewing this right now</p>"),
        "36",
    ),
    noise(
        "views-of-a-video",
        lines("Assembly of the lamp", "1,204 views"),
        lines("Assembly of the lamp", "1,219 views"),
        lines("Assembly of the lamp, part two", "3 views"),
        "part two",
    ),
    noise(
        "forum-replies-and-views",
        lines("Lamp flickers <span class=stats>Replies: 4 · Views: 120</span>"),
        lines("Lamp flickers <span class=stats>Replies: 4 · Views: 133</span>"),
        lines("Lamp flickers, solved <span class=stats>Replies: 4 · Views: 140</span>"),
        "solved",
    ),
    noise(
        "users-online",
        document("<p>General talk: 4 threads</p><p>Users online: 12 (3 members, 9 guests)</p>"),
        document("<p>General talk: 4 threads</p><p>Users online: 15 (4 members, 11 guests)</p>"),
        document("<p>General talk: 5 threads</p><p>Users online: 15 (4 members, 11 guests)</p>"),
        "5 threads",
    ),
    noise(
        "markup-and-white-space-only",
        document("<ul class='a b'><li>Monday</li><li>Tuesday</li></ul>"),
        document(
            "<ul   class='b a' data-x=1>\n\n  <li id=m>\tMonday </li>\n<li>Tues<!-- react -->day</li>\n</ul>"
        ),
        document("<ul><li>Monday</li><li>Friday</li></ul>"),
        "friday",
    ),
    noise(
        "inline-tags-come-and-go",
        document("<p>The pool opens on Monday at noon.</p>"),
        document("<p>The <b>pool</b> opens on <span>Mon</span><span>day</span>&nbsp;at noon.</p>"),
        document("<p>The pool opens on Friday at noon.</p>"),
        "friday",
    ),
    noise(
        "entities-and-quotes",
        document('<p>The "big" pool - it\'s open &amp; heated</p>'),
        document("<p>The “big” pool – it’s open &#38; heated</p>"),
        document("<p>The “big” pool – it’s closed</p>"),
        "closed",
    ),
    noise(
        "session-id-in-links",
        document("<p><a href='/t;jsessionid=8F2C'>Timetable</a> valid to June</p>"),
        document("<p><a href='/t;jsessionid=99AB'>Timetable</a> valid to June</p>"),
        document("<p><a href='/t;jsessionid=99AB'>Timetable</a> valid to July</p>"),
        "july",
    ),
    noise(
        "session-id-shown",
        document("<p>Choir on Friday.</p><small>Session: 8f2c9a1b7d3e4f60a1b2c3d4e5f60718</small>"),
        document("<p>Choir on Friday.</p><small>Session: 17a8c9f2b4d6e8f0a1c3b5d7e9f1a3c5</small>"),
        document(
            "<p>Choir on Thursday.</p><small>Session: 27a8c9f2b4d6e8f0a1c3b5d7e9f1a3c5</small>"
        ),
        "thursday",
    ),
    noise(
        "request-id-in-the-footer",
        document("<p>Choir on Friday.</p><p>Request ID: 7f3e9c1a-55d2-4b0e-9a77-1c2d3e4f5a6b</p>"),
        document("<p>Choir on Friday.</p><p>Request ID: 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d</p>"),
        document(
            "<p>Choir on Thursday.</p><p>Request ID: 1a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d</p>"
        ),
        "thursday",
    ),
    noise(
        "generated-in-ms",
        document("<p>Choir on Friday.</p><p>Page generated in 0.0312 seconds with 14 queries</p>"),
        document("<p>Choir on Friday.</p><p>Page generated in 0.1177 seconds with 16 queries</p>"),
        document(
            "<p>Choir on Thursday.</p><p>Page generated in 0.0290 seconds with 14 queries</p>"
        ),
        "thursday",
    ),
    noise(
        "script-and-json-state",
        document('<p>Choir on Friday.</p><script>window.__STATE__={"now":1772444700}</script>'),
        document('<p>Choir on Friday.</p><script>window.__STATE__={"now":1772445600}</script>'),
        document('<p>Choir on Thursday.</p><script>window.__STATE__={"now":1772446500}</script>'),
        "thursday",
    ),
    noise(
        "invisible-text",
        document("<p>Choir on Friday.</p><div hidden>variant A</div><template>t1</template>"),
        document(
            "<p>Choir on Friday.</p><div style='display: none'>variant B</div><noscript>please</noscript>"
        ),
        document("<p>Choir on Thursday.</p>"),
        "thursday",
    ),
    noise(
        "copyright-year",
        document("<p>Choir on Friday.</p><p>© 2025 St Mary's choir</p>"),
        document("<p>Choir on Friday.</p><p>© 2026 St Mary's choir</p>"),
        document("<p>Choir on Thursday.</p><p>© 2026 St Mary's choir</p>"),
        "thursday",
    ),
    noise(
        "title-with-unread-count",
        "<title>(3) Notice board</title><p>Choir on Friday.</p>",
        "<title>(7) Notice board</title><p>Choir on Friday.</p>",
        "<title>(7) Notice board</title><p>Choir on Thursday.</p>",
        "thursday",
    ),
    noise(
        "countdown-seconds",
        document("<p>Auction lot 7: bid 40 €</p><p>Ends in 02:14:09</p>"),
        document("<p>Auction lot 7: bid 40 €</p><p>Ends in 01:59:08</p>"),
        document("<p>Auction lot 7: bid 45 €</p><p>Ends in 01:44:10</p>"),
        "45",
    ),
    beside(
        "advertisement",
        '<ins class="adsbygoogle" data-ad-slot="1">Cheap flights to Rome</ins>',
        '<ins class="adsbygoogle" data-ad-slot="1">New boots, 30 % off</ins>',
    ),
    beside(
        "advertisement-box",
        '<div class="ad-banner" aria-label="Advertisement">Cheap flights to Rome</div>',
        '<div class="ad-banner" aria-label="Advertisement">New boots, 30 % off</div>',
    ),
    beside(
        "teasers-in-an-aside",
        "<aside class='related'><h2>You may also like</h2><ul><li>Ten walks by the river</li><li>Baking bread</li></ul></aside>",
        "<aside class='related'><h2>You may also like</h2><ul><li>A history of bells</li><li>Old bridges</li></ul></aside>",
    ),
    beside(
        "weather-in-an-aside",
        "<aside class='weather widget'>Now 7 °C, cloudy</aside>",
        "<aside class='weather widget'>Now 9 °C, sunny</aside>",
    ),
    beside(
        "iframe-of-a-network",
        '<iframe src="https://ads.example/1" title="ad"></iframe>',
        '<iframe src="https://ads.example/2" title="ad"></iframe>',
    ),
    beside(
        "share-counts",
        "<p class='share'>Shared 120 times · 14 likes</p>",
        "<p class='share'>Shared 131 times · 19 likes</p>",
    ),
    case(
        "a-b-test-of-a-button",
        "changes",
        quiet(shop("49 €", "In stock", more="<button>Buy now</button>")),
        quiet(
            shop("49 €", "In stock", more="<button>Order today</button>"),
            second_look=shop("49 €", "In stock", more="<button>Buy now</button>"),
        ),
        quiet(shop("49 €", "In stock", more="<button>Buy now</button>")),
        told(shop("45 €", "In stock", more="<button>Buy now</button>"), "45"),
    ),
    case(
        "noise-and-a-change-at-once",
        "changes",
        quiet(status("All Systems Operational", "09:30")),
        told(status("Partial Outage", "09:45"), "partial outage"),
    ),
    case(
        "clock-only-page-grows",
        "changes",
        quiet(lines("Local time: 09:45")),
        quiet(lines("Local time: 10:00")),
        told(lines("Local time: 10:15", "Doors open"), "doors open"),
    ),
]
