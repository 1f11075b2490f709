"""The parts of the documentation that users read, as pages."""

import re
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
        for each in token.children or ():
            _lead_here(each)
    html: str = parser.renderer.render(tokens, parser.options, {})
    # What is wider or longer than the page is scrolled, also by the keyboard.
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    html = html.replace("</table>", "</table></div>")
    return mark_safe(html)  # noqa: S308 - a file of ours


def _lead_here(token: Token) -> None:
    """Make a link to another file of docs/ lead to its page, if it has one."""
    link = re.fullmatch(r"(\w+)\.md(#.*)?", str(token.attrGet("href") or ""))
    if token.type == "link_open" and link and link[1] in PAGES:
        token.attrSet("href", f"{link[1]}{link[2] or ''}")
