"""Know an answer that is no page by its words, its markup and its address; pure.

What they are is data, in no_pages.toml.
"""

from urllib.parse import parse_qsl, urlsplit

from executions.pages.answered import SENTENCE_END, Answered
from executions.pages.no_page import NoPage
from executions.pages.normal_form import folded
from executions.pages.page import Page
from executions.pages.wordings import TRIMMED, Kind, wordings

#: A page that scripts have yet to fill has no more text than this.
SHELL_TEXT = 200
#: At a first visit, what is little more than a captcha has no more text than this.
WIDGET_TEXT = 20


def by_address(answer: Answered) -> NoPage | None:
    """Return the kind whose headers or address the answer has."""
    headers, url = answer.download.headers, answer.download.url.lower()
    requested = answer.download.requested_url.lower()
    for kind in wordings().kinds:
        has_header = any(
            name in headers and part in headers[name].lower() for name, part in kind.headers.items()
        )
        if has_header or any(part in url and part not in requested for part in kind.urls):
            return _no_page(kind, answer)
    return None


def by_title(answer: Answered) -> NoPage | None:
    """Return the kind one of whose titles the answer has."""
    for headline, parts in answer.new_titles:
        for kind in wordings().kinds:
            # Sites show their head and foot around what is missing, which are links.
            is_alone = answer.says_little_else or (
                kind.name == "missing" and answer.is_mostly_wall_words
            )
            if (answer.before is not None or is_alone) and parts & kind.titles:
                return _no_page(kind, answer, headline)
    return None


def by_text(answer: Answered) -> NoPage | None:
    """Return the kind in whose words the answer speaks, if it says little else."""
    if not answer.says_little_else:
        return None
    for sentence, own in answer.sentences:
        if not answer.says(wordings().phrases, sentence):
            continue
        for kind in wordings().kinds:
            is_said_later = answer.before is not None and answer.is_mostly_wall_words
            if answer.says(kind.texts, sentence) or (
                is_said_later and answer.says(kind.later, sentence)
            ):
                return _no_page(kind, answer, own)
    return None


def by_markup(answer: Answered) -> NoPage | None:
    """Return the kind whose scripts or ids the answer has, if it says almost nothing."""
    if len(answer.prose) > SHELL_TEXT:
        return None
    shown = folded(answer.page.text).encode()
    for kind in wordings().kinds:
        # Many pages have a captcha in one of their forms.
        has_only_widgets = answer.before is not None or len(answer.prose) <= WIDGET_TEXT
        marks = (*kind.markup, *kind.widgets) if has_only_widgets else kind.markup
        if any(mark in answer.markup and mark not in shown for mark in marks):
            return _no_page(kind, answer)
    return None


def by_new_title(answer: Answered) -> NoPage | None:
    """Return what a new title says, even if all around it is as it was.

    Many sites show errors within their own head and foot. For a page that is missing, a heading
    says enough.
    """
    for headline, parts in answer.new_titles:
        for kind in wordings().kinds:
            is_said = headline == answer.page.title or kind.name == "missing"
            if is_said and parts & kind.titles:
                return _no_page(kind, answer, headline)
    return None


def log_in(answer: Answered) -> NoPage | None:
    """Return that the server redirected to a log-in form."""
    if answer.path == answer.requested_path:
        return None
    parameters = {name.lower() for name, _ in parse_qsl(urlsplit(answer.download.url).query)}
    is_asked_to_log_in = wordings().log_in_path.search(
        answer.path
    ) and not wordings().log_in_path.search(answer.requested_path)
    is_to_return = bool(parameters & wordings().return_parameters) and _has_password_field(
        answer.page
    )
    if not is_asked_to_log_in and not is_to_return:
        return None
    return _no_page(wordings().kind("log_in"), answer)


def shell(answer: Answered) -> NoPage | None:
    """Return that scripts have yet to write the page."""
    document = answer.page.document
    if document is None or len(answer.prose) > SHELL_TEXT:
        return None
    kind = wordings().kind("javascript")
    for element in document.iter("noscript"):
        asked = folded(element.text_content())
        if any(kind.texts.match(s.lstrip(TRIMMED)) for s in SENTENCE_END.split(asked)):
            advice = " ".join(element.text_content().split())
            if len(answer.prose) - len(advice) <= WIDGET_TEXT:
                return _no_page(kind, answer, advice[:200])
    has_script = next(document.iter("script"), None) is not None
    is_empty_root = any(
        wordings().roots & {element.get("id"), element.tag}
        and not "".join(element.itertext()).strip()
        for element in document.iter("div", "main", "section", "app-root")
    )
    return _no_page(kind, answer) if has_script and (is_empty_root or not answer.prose) else None


def _has_password_field(page: Page) -> bool:
    return page.document is not None and bool(
        page.document.xpath('//input[translate(@type, "PASWORD", "pasword") = "password"]')
    )


def _no_page(kind: Kind, answer: Answered, *wording: str) -> NoPage:
    return NoPage(
        what=kind.what,
        advice=kind.advice,
        failure=kind.failure,
        wording=(*wording, *answer.wording),
        quote=next(iter((*wording, *answer.wording)), ""),
    )
