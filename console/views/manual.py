"""The parts of the documentation that users read, as pages."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: The titles of the pages by the names of their files in docs/, without the ending.
PAGES = {
    "conditions": "Conditions",
    "watching": "Watching pages",
    "webhooks": "Webhooks",
}


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Show a page of the documentation."""
    if name not in PAGES:
        raise Http404
    context = {"title": PAGES[name], "html": html_of(name), "name": name, "pages": PAGES}
    return render(request, "console/manual.html", context)


@cache
def html_of(name: str) -> SafeString:
    """Return a file of docs/ as HTML, with anchors at its headings."""
    text = (settings.BASE_DIR / "docs" / f"{name}.md").read_text()
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slugify(following.content))
        _lead_here(token.children or ())
    html: str = parser.renderer.render(tokens, parser.options, {})
    # What is wider or longer than the page is scrolled, also by the keyboard.
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    html = html.replace("</table>", "</table></div>")
    return mark_safe(html)  # noqa: S308 - a file of ours


def _lead_here(tokens: Iterable[Token]) -> None:
    """Make links to other files of docs/ lead to their pages. A file without a page has no link."""
    has_no_page = False
    for token in tokens:
        if token.type == "link_open":
            address = str(token.attrGet("href"))
            link = re.fullmatch(r"(\w+)\.md(#.*)?", address)
            if link and link[1] in PAGES:
                token.attrSet("href", f"{link[1]}{link[2] or ''}")
            elif has_no_page := not address.startswith(("https://", "http://", "#")):
                token.tag, token.attrs = "span", {}
        elif token.type == "link_close" and has_no_page:
            token.tag, has_no_page = "span", False
