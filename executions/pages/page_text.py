"""Pack what is remembered of a page's text into bytes, and read it again; pure."""

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Self

#: How many characters of each text are kept: no more than a page may have bytes.
KEPT_CHARACTERS = 5 * 1024 * 1024
#: How many bytes packed texts may have once they are unpacked: three texts of that length, whose
#: characters have up to four bytes.
UNPACKED_BYTES = 3 * 4 * KEPT_CHARACTERS + 1024
#: Separates the page's text from those that several rules compare, in one text. A page's own is
#: removed from its text.
SEPARATOR = "\x1e"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTexts:
    """The texts of earlier visits to one page. A text beyond KEPT_CHARACTERS is cut off."""

    #: The text at the last visit from which something was learnt.
    last: str
    #: The text at the last visit that was told; None if there was none.
    told: str | None = None
    #: The text at the first look of a visit that looks twice; None at any other time.
    first_look: str | None = None

    def pack(self) -> bytes:
        """Return the texts as compressed JSON (RFC 8259, RFC 1950)."""
        texts = {name: text and text[:KEPT_CHARACTERS] for name, text in asdict(self).items()}
        return zlib.compress(json.dumps(texts, ensure_ascii=False).encode())

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Return the texts that `pack` packed; members that it does not know are left out.

        Raises:
            ValueError: the bytes are not from `pack`, or are longer than it makes them.
        """
        decoder = zlib.decompressobj()
        try:
            unpacked = decoder.decompress(packed, UNPACKED_BYTES)
        except zlib.error as error:
            raise ValueError("The texts are not compressed.") from error
        if not decoder.eof:
            raise ValueError(f"The texts are incomplete, or have over {UNPACKED_BYTES:,} bytes.")
        texts = json.loads(unpacked)
        return cls(last=texts["last"], told=texts.get("told"), first_look=texts.get("first_look"))


def whole_text(kept: str) -> str:
    """Return the page's text, of a text that `PageTexts` keeps."""
    return kept.partition(SEPARATOR)[0]
