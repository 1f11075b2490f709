"""The quotes in these tests against the page itself, both ways.

A docstring quotes the page; … stands for what is left out. The page lies beside the clone.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

PAGE = Path(settings.BASE_DIR).parent / "shared" / "api-contract.md"
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
#: What the page says and no test shows: headings, what the page is, and words that join others.
NOT_SHOWN = (
    "# The REST contract What a client may rely on. The seed document (",
    "seed-notifications-api.txt",
    (
        ", beside this file) is the ground truth for the two notification endpoints; this page "
        "fixes what it leaves open and the rest of the API that it refers to. Facts here are "
        "binding; wording, file names and internals are yours."
    ),
    *(f"## {section}" for section in SECTIONS.values()),
    "as the service this API follows does;",
    # Contradicted by "An unverified custom address gets no notification: the send goes to the
    # account's own address."
    "or an unverified address;",
)

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the contract is not beside this clone")


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


def test_every_quote_stands_on_the_page():
    page = plain(PAGE.read_text())

    astray = [quoted for quoted in quoted_parts() if quoted[2] not in page]

    assert astray == []


def test_every_word_of_the_page_is_quoted():
    page = plain(PAGE.read_text())
    left = list(page)
    for file, _, part in quoted_parts():
        begin, end = section_of(page, file)
        places = [match.start() for match in re.finditer(re.escape(part), page)]
        of_section = [place for place in places if begin <= place < end]
        for place in of_section or places:
            left[place : place + len(part)] = "\0" * len(part)
    rest = "".join(left)
    for words in NOT_SHOWN:
        rest = rest.replace(words, "\0")

    unproven = [words for words in rest.split("\0") if re.search(r"\w", words)]
    assert {words.strip(" ,") for words in unproven} <= {"and", "or"}
