"""The quotes in these tests against docs/api-contract.md, both ways.

A docstring quotes the page; … stands for what is left out.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

PAGE = Path(settings.BASE_DIR) / "docs" / "api-contract.md"
FILES = [
    path for path in sorted(Path(__file__).parent.glob("test_*.py")) if path.stem != "test_page"
]

#: The section that each file proves, by how its name begins. What is not of this section, such as
#: the secrets' form, counts wherever it stands.
SECTIONS = {
    "test_conventions": "Conventions",
    "test_notification_sends": "Notification sends",
    "test_tasks": "Tasks",
    "test_executions": "Executions",
    "test_public": "Public, no key",
    "test_account": "Account",
    "test_webhooks_management": "Account",
    "test_limits_on_sends": "Limits on sends",
    "test_what_a_webhook_receives": "What a webhook receives",
}
#: Where the page's opening, which tells what the page is, ends.
OPENING_ENDS = "## "
#: A sentence ends with a full stop, an entry of a list with the next one.
SENTENCE_END = re.compile(r"(?<=\.)\s+(?=[^a-z])| - (?=[A-Z`0-9])|(?=## )")


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def quoted_parts() -> Iterator[tuple[str, str, str]]:
    """Yield each quote's parts, with the file's and the test's name."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                quote = plain(ast.get_docstring(node) or "(nothing)")
                for part in quote.split("…"):
                    if part.strip():
                        yield path.stem, node.name, part.strip()


def section_of(page: str, file: str) -> tuple[int, int]:
    """Where the section that a file proves begins and ends on the page."""
    for prefix, heading in SECTIONS.items():
        if file.startswith(prefix):
            begin = page.index(f"## {heading}")
            return begin, page.find("## ", begin + 3) % (len(page) + 1)
    return 0, 0


def sentences(page: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence below the opening begins and ends; headings are none."""
    begin = page.index(OPENING_ENDS)
    for end in [*(match.end() for match in SENTENCE_END.finditer(page, begin)), len(page)]:
        if not page.startswith("## ", begin):
            yield begin, end
        begin = end


def test_every_quote_stands_on_the_page():
    page = plain(PAGE.read_text())

    astray = [quoted for quoted in quoted_parts() if quoted[2] not in page]

    assert astray == []


def test_every_sentence_of_the_page_is_quoted():
    page = plain(PAGE.read_text())
    quoted = [False] * len(page)
    for file, _, part in quoted_parts():
        begin, end = section_of(page, file)
        places = [match.start() for match in re.finditer(re.escape(part), page)]
        of_section = [place for place in places if begin <= place < end]
        for place in of_section or places:
            quoted[place : place + len(part)] = [True] * len(part)

    assert [
        page[begin:end]
        for begin, end in sentences(page)
        if re.search(r"\w", page[begin:end]) and not any(quoted[begin:end])
    ] == []
