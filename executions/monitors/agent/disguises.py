"""Undo what keeps a text from being recognized although a language model understands it; pure.

A model reads Base64, mirrored words and letters of other scripts nearly as well as plain text.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from executions.pages.normal_form import folded

#: Letters of other scripts that look like Latin ones, and what they look like: Cyrillic and Greek,
#: Armenian, Cherokee as its small letters, and the phonetic letters that look like small capitals.
_LOOK_ALIKES = str.maketrans(
    "абвгдеѕіјкӏмнопрсԁтухуԛԝαβεικηνορτχωаոսօհցքզᴠᴡɡɑıꭰꮯꭼꮋꭵꭻꮶꮮꮇꮲꭱꮪꭲꮩꮃꮓ"
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜʏᴢ".casefold(),
    "a6brdesijklmhonpcdtyxyqwabeiknvoptxwanuohgqqvwgaidcehijklmprstvwzabcdefghijklmnoprstuyz",
)
#: What look-alikes alone spell is a word of their own script, except of these, which no language
#: uses as letters of its words.
_SMALL_CAPITALS = re.compile("[ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ]{2,}")
#: Letters in circles, in squares and on flags, in the order of the alphabet, which NFKC leaves; and
#: letters that look like Latin ones upside down.
_ENCLOSED = {
    first + number: chr(ord("a") + number)
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for number in range(26)
}
_TURNED = str.maketrans(
    "ɐqɔpǝəɟƃɓɥᴉıɾʞʃɯuodbɹsʇnʌʍʎ",  # noqa: RUF001 - on purpose
    "abcdeefgghiijklmnopqrstuvwy",
)
_LATIN = re.compile(r"[a-z]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_DIGITS = str.maketrans("013457@$!|", "oieastasil")
#: A word with letters and with what stands for some.
_MIXED_WITH_DIGITS = re.compile(r"[a-z0-9@$!|]*[a-z][a-z0-9@$!|]*")
#: Single characters with spaces between them, as many as a long word has letters.
_SPACED = re.compile(r"(?<!\S)(?:\S[ .\-_*]){7,}\S(?!\S)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}[ :]?){16,}")
#: How many codes in a text are decoded.
_MOST_DECODED = 100
_SENTENCE = re.compile(r"[^\W\d_]{2,}(?:[\s,;:.-]+[^\W\d_]+){3,}")


def skeleton(text: str) -> str:
    """Return the form of a text in which instructions are looked for.

    It is the normal form of each line, without marks on letters. In words with Latin letters, the
    letters that only look like them are replaced.
    """
    text = "\n".join(folded(line) for line in text.splitlines())
    if text.isascii():
        return text
    text = unmarked(text).translate(_ENCLOSED)
    text = _SMALL_CAPITALS.sub(lambda word: word.group().translate(_LOOK_ALIKES), text)
    return _WORD.sub(lambda word: latin(word.group()), text)


def unmarked(text: str) -> str:
    """Return a text without the marks on its letters."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def latin(word: str) -> str:
    """Return a word with Latin letters in the place of those that only look like them."""
    return word.translate(_LOOK_ALIKES) if _LATIN.search(word) else word


def undisguised(plain: str) -> Iterator[str]:
    """Yield what a text says if it is read in another way.

    Args:
        plain: the text in the form that `skeleton` returns.
    """
    if any(map(str.isdigit, plain)) or not plain.isascii() or "@" in plain or "$" in plain:
        yield _MIXED_WITH_DIGITS.sub(lambda word: word.group().translate(_DIGITS), plain)
    yield plain[::-1]
    yield plain[::-1].translate(_TURNED)
    yield codecs.encode(plain, "rot13")
    for found in _SPACED.finditer(plain):
        yield re.sub(r"[ .\-_*]", "", found.group()).translate(_DIGITS)


def encoded_in(text: str) -> str:
    """Return a sentence that a text contains in Base64 or in hexadecimal; empty if there is none.

    Args:
        text: the text as it is written.
    """
    for number, found in enumerate((*_BASE64.finditer(text), *_HEXADECIMAL.finditer(text))):
        if number == _MOST_DECODED:
            break
        decoded = _decoded(found.group())
        if decoded.isprintable() and (sentence := _SENTENCE.search(decoded)):
            return sentence.group()
    return ""


def words_of_address(url: str) -> str:
    """Return the words of which an address is made, as a text."""
    return " ".join(re.split(r"[-_+/.?&=#:\s]+", unquote(unquote(url))))


def _decoded(code: str) -> str:
    """Return what is encoded, or an empty text."""
    digits = re.sub(r"[ :]", "", code)
    try:
        if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", digits):
            return bytes.fromhex(digits).decode()
        whole = code.rstrip("=").replace("-", "+").replace("_", "/")
        whole = whole[: len(whole) - (len(whole) % 4 == 1)]
        return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode()
    except (ValueError, binascii.Error):
        return ""
