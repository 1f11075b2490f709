"""Pages and conditions made to take a worker's time and memory, over real connections."""

import json

import pytest

from executions import confined
from executions.failures import FailureKind
from executions.monitors import AskFailed, visit
from executions.pages import finding, normal_form
from executions.pages.page import Page
from executions.pages.page_text import PageTexts
from executions.pages.parsing import parse
from tests.support.cpu_time import cpu_time_below
from tests.support.pdf import pdf
from tests.support.receivers import HTTPAnswer
from tests.support.watched_pages import HTML, JSON, ask

REGEX_VICTIM = json.dumps([{"a": "a" * 32}]).encode()
NESTED = json.dumps([[[[number] for number in range(100)]] * 20] * 20).encode()
ARRAYS = b"[" + b"[]," * (visit.MAX_BYTES // 3 - 1) + b"0]"
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def hurried():
    """The idle children that have a second: a start takes long, so the next test gets them, too."""
    children: list[confined._Child] = []
    yield children
    for child in children:
        child.end()


@pytest.fixture
def one_second(monkeypatch, hurried):
    """Let no call take more CPU time than that."""
    monkeypatch.setattr(confined, "_idle", hurried)
    monkeypatch.setattr(confined, "CPU_S", 1)


@pytest.mark.parametrize(
    ("condition", "body", "headers", "evidence"),
    [
        (
            """json("$[?search(@.a, '(a|a)*b')].a") < 1""",
            REGEX_VICTIM,
            JSON,
            """No number was found by json("$[?search(@.a, '(a|a)*b')].a").""",
        ),
        (
            """json("$[?match(@.a, '(a|a)*b')].a") < 1""",
            REGEX_VICTIM,
            JSON,
            """No number was found by json("$[?match(@.a, '(a|a)*b')].a").""",
        ),
        (
            'json("$..*..*..*") < 1',
            NESTED,
            JSON,
            'The number found by json("$..*..*..*") is 0 ("[0]"), which is < 1.',
        ),
        (
            f'contains "{"a" * 499}"',
            b"ab" * (visit.MAX_BYTES // 2),
            PLAIN,
            f'The page does not contain "{"a" * 499}".',
        ),
        (
            f'contains "{"a" * 250}b{"a" * 249}"',
            b"a" * visit.MAX_BYTES,
            PLAIN,
            f'The page does not contain "{"a" * 250}b{"a" * 249}".',
        ),
        (
            "matches /(a+a+)+b/",
            b"a" * visit.MAX_BYTES,
            PLAIN,
            "The page does not contain a match of /(a+a+)+b/.",
        ),
        (
            'css("#x") < 1',
            b"<p id=x>" + b"- " * 30_000,
            HTML,
            'No number was found by css("#x").',
        ),
    ],
    ids=["search", "match", "descents", "contains", "contains b", "matches", "hyphens"],
)
def test_what_took_minutes_is_answered_at_once(
    one_second, http_receiver, condition, body, headers, evidence
):
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=headers)]

    answer = ask(http_receiver.url, condition)

    assert answer.evidence == evidence


def test_a_number_is_looked_for_in_the_beginning_of_a_long_text(one_second, http_receiver):
    body = b"<p id=x>" + b"1 000 " * 10_000
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=HTML)]

    answer = ask(http_receiver.url, 'css("#x") < 1')

    assert answer.evidence.startswith('The number found by css("#x") is 1000 ("1 000 1 000 1 000')


def find_again(rule, before, after):
    """Return what is found at a second visit to a text."""
    found = finding.find(parse(rule), Page(text=before, title=""), None)
    texts = PageTexts.unpack(found.text or b"")
    return finding.find(parse(rule), Page(text=after, title=""), found.memory, texts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n".join(["a" * 38 + "b"] * 50_000), "\n".join(["a" * 38 + "c"] * 50_000)),
        ("\n".join(map(str, range(100_000))), "\n".join(map(str, range(100_000, 0, -1)))),
        ("1 view " * 14_000, "2 views " * 12_000),
        ("12:00:00 " * 11_000, "5 minutes ago " * 7_000),
        ("a", "last updated " * 7_500),
        ("a", "1" * 99_000),
        ("a", "1 " * 50_000),
        ("a", "a1b" * 33_000),
    ],
    ids=["similar", "reversed", "views", "clocks", "updated", "digits", "numbers", "hexadecimal"],
)
@pytest.mark.parametrize("rule", ["changes", "changes exactly", "new lines"])
def test_the_time_for_a_large_change_is_bounded(rule, before, after):
    with cpu_time_below(2):
        find_again(rule, before, after)


@pytest.mark.parametrize(
    ("condition", "body", "headers"),
    [
        ('css("p ~ p ~ zz") < 1', b"<p>" * 20_000, HTML),
        ('json("$..a") < 1', ARRAYS, JSON),
        (
            "changes",
            b"<p " + b" ".join(b"a%d=1" % number for number in range(40_000)) + b">x",
            HTML,
        ),
        ("changes", b"[" * 900 + b"1," * 2_500_000 + b"1" + b"]" * 900, JSON),
    ],
    ids=["siblings", "arrays", "attributes", "deep numbers"],
)
def test_a_page_that_takes_too_long_is_the_tasks_own_error(
    one_second, http_receiver, condition, body, headers
):
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=headers)]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, condition)

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == (
        f"{http_receiver.url} cannot be watched: reading it and applying the condition took more "
        "than 1 s of CPU time. Name a smaller page, or simplify the condition."
    )


@pytest.fixture
def little_memory(monkeypatch):
    """Let no child process have more than a fifth of the usual memory."""
    confined._end_children()
    monkeypatch.setattr(confined, "MEMORY_BYTES", 100 * 1024**2)
    yield
    confined._end_children()


def test_a_page_that_needs_too_much_memory_is_the_tasks_own_error(little_memory, http_receiver):
    body = b"<p>x" * (visit.MAX_BYTES // 4)
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=HTML)]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == (
        f"{http_receiver.url} cannot be watched: reading it and applying the condition took more "
        "than 100 MB of memory. Name a smaller page, or simplify the condition."
    )


XML = {"Content-Type": "application/xml"}
FEED = b"<!DOCTYPE l [%b]><rss><item><title>&%b;</title></item></rss>"
ENTITIES = b"".join(
    b"<!ENTITY %c '%b'>" % (letter + 1, b"&%c;" % letter * 10) for letter in b"abcdefghi"
)
LONG_ENTITY = b"<!DOCTYPE l [<!ENTITY a '%b'>]><r>%b</r>" % (b"a" * 50_000, b"&a;" * 100_000)
FILE = FEED % (b"<!ENTITY a SYSTEM 'file:///etc/passwd'>", b"a")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<rss>" + b"<item><title>a</title></item>" * 5_000, XML),
        (b"<a>Bread" * 2_000, XML),
        (b"<?a?>" * 20_000 + b"<rss>Bread", XML),
        (b"<a>Bread</a>" + b"<!doctype [" * 20_000, XML),
        (b"<a>Bread" + b"&a" * 200_000, XML),
        (b"[" * 500_000, HTML),
        (b"<div>" * 2_000 + b"a", HTML),
    ],
    ids=[
        *("a feed", "deep XML", "instructions", "document types"),
        *("references", "brackets", "deep HTML"),
    ],
)
def test_each_kind_of_page_is_read_at_once(one_second, http_receiver, body, headers):
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=headers)]

    answer = ask(http_receiver.url, 'contains "zzz"')

    assert answer.condition_met is False


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (b"<b>" * 100_000, XML, "its elements are nested too deeply"),
        (b"<b>" * 100_000, HTML, "its elements are nested too deeply"),
        (FEED % (b"<!ENTITY a 'aaaaaaaaaa'>" + ENTITIES, b"j"), XML, "its entities grow too large"),
        (LONG_ENTITY, XML, "its entities grow too large"),
    ],
    ids=["XML", "HTML", "entities", "a long entity"],
)
def test_a_page_that_is_not_read_to_its_end_says_so(
    one_second, http_receiver, body, headers, reason
):
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=headers)]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert str(failure.value) == f"{http_receiver.url} cannot be watched: {reason}."


def test_a_feed_cannot_read_our_files(http_receiver):
    http_receiver.answers = [HTTPAnswer(status=200, body=FILE, headers=XML)]

    answer = ask(http_receiver.url, 'contains "root:"')

    assert answer.condition_met is False


def test_a_pdf_that_grows_when_it_is_read_is_the_tasks_own_error(one_second, http_receiver):
    bomb = pdf(b"BT /F 12 Tf " + b"(a) Tj " * 5_000_000 + b"ET")
    http_receiver.answers = [HTTPAnswer(status=200, body=bomb, headers=HTML)]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.kind == FailureKind.USER_ERROR
    assert "cannot be watched: " in str(failure.value)


ROW = (
    '<tr id="r{}"><td><a href="/{}">Bread and butter</a></td><td class="price">{},95 €</td></tr>\n'
)
OFFER = '{{"name": "Bread and butter", "id": {}, "price": {}.95}}'


@pytest.mark.parametrize(
    ("condition", "body", "headers"),
    [
        (
            'css("#r49999 .price") > 1',
            "".join(ROW.format(n, n, n) for n in range(50_000)).encode(),
            HTML,
        ),
        (
            'json("$[?@.id == 84999].price") > 1',
            f"[{','.join(OFFER.format(n, n) for n in range(85_000))}]".encode(),
            JSON,
        ),
    ],
    ids=["html", "json"],
)
def test_an_honest_page_of_five_megabytes_is_read(http_receiver, condition, body, headers):
    assert visit.MAX_BYTES * 0.9 < len(body) < visit.MAX_BYTES
    http_receiver.answers = [HTTPAnswer(status=200, body=body, headers=headers)]

    answer = ask(http_receiver.url, condition)

    assert answer.condition_met is True


def test_after_a_page_that_takes_too_long_the_next_is_not_read(one_second, http_receiver):
    http_receiver.answers = [HTTPAnswer(status=200, body=ARRAYS, headers=JSON)]
    urls = [f"{http_receiver.url}/{name}" for name in ("first", "second")]

    with pytest.raises(AskFailed) as failure:
        ask(" ".join(urls), 'json("$..a") < 1')

    assert str(failure.value).startswith(urls[0])


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        ("in stock", "Now IN STOCK!", "IN STOCK"),
        ("STRASSE", "Die Straße 5", "Straße"),
        ("straße", "ẞ DIE STRASSE 5", "STRASSE"),
        ("ß", "a ss b", "ss"),
        ("s", "ß", "ß"),
        ("5", "ßßß 5 ß", "5"),
        ("ΣΑΣ", "σας", "σας"),
        ("ticaret", "TİCARET", "TİCARET"),
        ("TICARET", "tıcaret", "tıcaret"),  # noqa: RUF001 - is meant
        ("b", "a", None),
        ("aa", "a", None),
    ],
)
def test_a_text_is_found_in_any_case(wanted, text, found):
    span = normal_form.span_of(wanted, text)

    assert (None if span is None else text[slice(*span)]) == found
