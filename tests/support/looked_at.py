"""Look at a page again and again, without a server: what is remembered is kept."""

from datetime import datetime
from typing import Any

from executions.pages.examine import Look, examine
from executions.pages.finding import Finding
from executions.pages.page import Download
from tests.support.factories import NOW

ADDRESS = "https://shop.example/products/4711"
PRODUCT = """<html lang="en"><head><title>Copper kettle | The Shop</title></head><body>
<nav><a href="/">Home</a> <a href="/kettles">Kettles</a> <a href="/cart">Cart</a></nav>
<h1>Copper kettle</h1><p>A kettle for people who like their tea strong and their kitchen shiny.</p>
<p class="price">$ 79.95</p><p>Sold out. We expect new kettles in the second week of May.</p>
<p>Holds 1.7 litres, weighs 900 grams, and comes with a guarantee of ten years.</p>
<footer>The Shop, 12 High Street, Bristol</footer></body></html>"""


class Watched:
    """A page that is visited again and again; what is remembered is kept."""

    def __init__(self, rule: str = "changes") -> None:
        self.rule = rule
        self.memory: dict[str, Any] | None = None
        self.text: bytes | None = None

    def visit(
        self,
        body: str,
        *,
        content_type: str = "text/html; charset=utf-8",
        headers: dict[str, str] | None = None,
        url: str = ADDRESS,
        at: datetime = NOW,
        asked: str = ADDRESS,
    ) -> Finding:
        download = Download(
            requested_url=asked,
            url=url,
            status=200,
            headers={"content-type": content_type, **(headers or {})},
            body=body.encode(),
        )
        finding = examine(self.rule, download, self.memory, self.text, Look(at=at))
        self.memory = finding.memory
        self.text = finding.text or self.text
        return finding


def html(text: str, title: str = "", head: str = "", lang: str = "en") -> str:
    return (
        f'<html lang="{lang}"><head><title>{title}</title>{head}</head><body>{text}</body></html>'
    )
