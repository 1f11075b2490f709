"""Find out what a rule says of pages, visit by visit, without a server."""

import json

from executions.pages.finding import find
from executions.pages.page import Item, Page, PageKind
from executions.pages.parse_page import parse_page
from executions.pages.parsing import parse
from tests.support.watched_pages import texts_of

URL = "https://shop.example/"


def html(body, head=""):
    return parse_page(f"<head>{head}</head><body>{body}".encode(), "text/html", url=URL)


def data(value):
    return parse_page(json.dumps(value).encode(), "application/json", url=URL)


def feed(*titles):
    items = tuple(
        Item(key=title, title=title, url=f"{URL}{title}", text=f"All of {title}")
        for title in titles
    )
    return Page(text="\n".join(titles), title="News", kind=PageKind.FEED, url=URL, items=items)


def visits(condition, *pages):
    """Return what is found at each of some visits, each of which knows what was learnt before."""
    found = []
    memory = texts = None
    for page in pages:
        each = find(parse(condition), page, memory, texts)
        # As the database keeps it.
        memory = json.loads(json.dumps(each.memory))
        texts = texts if each.text is None else texts_of(each)
        found.append(each)
    return found


def news(condition, *pages):
    return [each.is_news for each in visits(condition, *pages)]
