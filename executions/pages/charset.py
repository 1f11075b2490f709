"""Decode a page's bytes as browsers do (https://encoding.spec.whatwg.org); pure."""

import re

import webencodings

from executions.pages.lazy import imported_when_used

charset_normalizer = imported_when_used("charset_normalizer")

#: How many bytes are searched for a declaration, as in browsers (HTML §13.2.3.2).
PRESCANNED = 1024
#: How many bytes beyond ASCII, with those around them, are looked at to guess an encoding.
SAMPLED = 8 * 1024

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ASCII = bytes(range(128))
#: In a comment, and in the attributes of a meta element, nothing is declared.
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/][^>]*", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"\A<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']+)")
_LANGUAGE = re.compile(rb"<html[^>]*?\slang\s*=\s*[\"']?([a-z]{2,3})", re.IGNORECASE)

#: What is tried for the languages named, as Python names it (cf. HTML §13.2.3.2).
_TRIED = {
    "cs hr hu pl ro sk sl": ["cp1250"],
    "et lt lv": ["cp1257"],
    "az ku tr": ["cp1254"],
    "vi": ["cp1258"],
    "be bg mk ru sr uk": ["cp1251", "koi8_r"],
    "el": ["cp1253"],
    "he": ["cp1255"],
    "ar fa ur": ["cp1256"],
    "th": ["cp874"],
    "ja": ["cp932", "euc_jp"],
    "zh": ["gb18030", "big5"],
    "ko": ["cp949"],
}
_TRIED_FOR = {
    language: tried for languages, tried in _TRIED.items() for language in languages.split()
}
#: What is tried for a text of an unknown language that is not in Latin letters.
_NOT_LATIN = [
    name
    for language in ("ru", "el", "he", "ar", "th", "ja", "zh", "ko")
    for name in _TRIED_FOR[language]
]
#: How many bytes beyond ASCII it takes to tell, and the share that a text in Latin letters does not
#: reach.
_NOT_LATIN_BYTES = 8
_NOT_LATIN_SHARE = 0.4


def decoded(body: bytes, label: str | None) -> str:
    """Return a page's text; bytes that its encoding does not have become U+FFFD.

    What counts is, in this order: a byte order mark, the header, the page's own declaration, UTF-8
    if all bytes are valid in it, and what the bytes look like.

    Args:
        body: the page.
        label: the charset that the header names, if it names one.
    """
    encoding = _labelled(label) or _declared(body)
    if encoding is None and not body.startswith(_UTF_16_MARKS):
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return body.decode(_guessed(body), errors="replace")
    # It follows a byte order mark before anything else.
    text, _ = webencodings.decode(body, encoding or webencodings.UTF8, errors="replace")
    return str(text)


def _labelled(label: str | None) -> webencodings.Encoding | None:
    try:
        return webencodings.lookup(label) if label else None
    except UnicodeError:  # a label beyond ASCII
        return None


def _declared(body: bytes) -> webencodings.Encoding | None:
    head = _COMMENT.sub(b"", body[:PRESCANNED])
    declarations = [_XML_ENCODING.match(head)]
    declarations += [_CHARSET.search(meta) for meta in _META.findall(head)]
    for found in declarations:
        encoding = _labelled(found.group(1).decode("latin-1")) if found else None
        if encoding is not None:
            # The declaration could not be read if it were true.
            return webencodings.UTF8 if encoding.name.startswith("utf-16") else encoding
    return None


def _guessed(body: bytes) -> str:
    found = _LANGUAGE.search(body[:PRESCANNED])
    tried = _TRIED_FOR.get(found.group(1).decode().lower()) if found else None
    sample = _sample(body)
    beyond_ascii = len(sample.translate(None, _ASCII))
    is_latin = beyond_ascii < _NOT_LATIN_BYTES or beyond_ascii / len(sample) < _NOT_LATIN_SHARE
    if tried is None and not is_latin:
        tried = _NOT_LATIN
    if tried is None or len(tried) == 1:
        return tried[0] if tried else "cp1252"
    best = charset_normalizer.from_bytes(sample, cp_isolation=tried).best()
    return best.encoding if best and best.encoding in tried else tried[0]


def _sample(body: bytes) -> bytes:
    """Return text of the page that is not ASCII, without markup, which would outweigh it."""
    sample = bytearray()
    for piece in re.split(rb"[<>]", body):
        if not piece.isascii():
            sample += piece[: SAMPLED - len(sample)]
            if len(sample) >= SAMPLED:
                break
    return bytes(sample)
