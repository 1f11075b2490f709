"""Show Markdown that came from strangers as HTML."""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

markdown = MarkdownIt("commonmark", {"html": False})
#: An image would tell its server when, and from where, the text is read.
TAGS = nh3.ALLOWED_TAGS - {"img"}
#: Characters that XML does not allow; nh3 passes them on.
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def rendered(text: str) -> SafeString:
    """Return `text`, which is Markdown, as HTML without images, scripts and styles."""
    html = nh3.clean(markdown.render(NOT_XML.sub("", text)), tags=TAGS)
    return mark_safe(html)  # noqa: S308 - nh3 has cleaned it
