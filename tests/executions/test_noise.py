"""What is a change, and what is different at every visit although nothing has happened."""

import pytest

from tests.support.visits import html, news


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
        ("<b title='12 users starred this'>12</b>a", "<b aria-label='13 users starred'>13</b>a"),
        ("a<table><td class='num Views'>164</table>", "a<table><td class='num Views'>1.2k</table>"),
        ("a<b class=like-count>7 </b>", "a<b class=like-count>9</b>"),
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
        ("a<b class=views>Sea</b>", "a<b class=views>Mountains</b>"),
        ("a<b class=price title='5 €'>5</b>", "a<b class=price title='6 €'>6</b>"),
        (
            "a<b class=seats aria-label='5 seats'>5</b>",
            "a<b class=seats aria-label='4 seats'>4</b>",
        ),
    ],
)
def test_what_is_no_clock_and_no_counter_is_a_change(before, after):
    assert news("changes", html(before), html(after)) == [False, True]


@pytest.mark.parametrize(("scope", "told"), [("table", False), (".views", True)])
def test_the_number_of_views_is_no_change_of_a_part_unless_it_was_chosen(scope, told):
    pages = [html(f"<table><td>a<td class=views>{views}</table>") for views in (120, 164)]

    assert news(f'in css("{scope}") changes', *pages) == [False, told]


@pytest.mark.parametrize(("count", "told"), [(499, False), (500, True)])
def test_of_the_labels_of_numbers_the_first_500_are_read(count, told):
    others = "<b title='5 users starred this'>5</b>" * count

    pages = [html(f"{others}<p title='{n} users starred this'>{n}</p>") for n in (120, 164)]

    assert news("changes", *pages) == [False, told]


def test_a_date_further_down_is_that_of_an_event():
    top = "".join(f"<p>line {number}" for number in range(20))

    pages = [html(f"{top}<p>Fri, 12 December 2025"), html(f"{top}<p>Fri, 19 December 2025")]

    assert news("changes", *pages) == [False, True]
