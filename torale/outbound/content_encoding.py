"""Undo the compression of an answer (RFC 9110 §8.4.1), within limits of size; pure.

Memory is limited as well: what is decoded comes in pieces, and no window is larger than RFC 7932
and RFC 9659 allow.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module

import brotli

# Python has it from 3.14 on.
zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

#: What to send as Accept-Encoding.
ACCEPTED = "gzip, deflate, br, zstd"

#: How many times larger than its compressed form a page may be; an honest one is 5 to 50 times as
#: large. Less than FREE_BYTES is always allowed.
MAX_RATIO = 200
FREE_BYTES = 1024 * 1024
#: How many parts (RFC 1952 §2.2, RFC 8878 §3) a page may have. Each costs the time for a new
#: decoder, even if it is empty.
MAX_PARTS = 2000

#: How many bytes are decoded at a time, and how many come of it at a time. At the end of each part,
#: a decoder copies the rest of its input: a page of empty parts would be copied once for each.
_TAKEN = 4096
_GIVEN = 64 * 1024

#: The largest window for zstd (RFC 9659 §3.1): 8 MiB.
_ZSTD_OPTIONS = {zstd.DecompressionParameter.window_log_max: 23}


class Undecodable(Exception):
    """The encoding is unknown, or the body is not in it."""


class Incomplete(Exception):
    """The body ends too early."""


class TooLarge(Exception):
    """The decoded body is larger than allowed."""


def decoded(body: bytes, encoding: str, *, max_bytes: int) -> bytes:
    """Return the decoded body.

    Args:
        body: what was received.
        encoding: the value of Content-Encoding.
        max_bytes: how large the decoded body may be.

    Raises:
        Undecodable, Incomplete, TooLarge: as they say.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"} or not body:
        return body
    if encoding not in _DECODERS:
        raise Undecodable
    limit = min(max_bytes, max(FREE_BYTES, MAX_RATIO * len(body)))
    page = bytearray()
    try:
        for piece in _DECODERS[encoding](body):
            page += piece
            if len(page) > limit:
                raise TooLarge
    except (zlib.error, brotli.error, zstd.ZstdError) as error:
        raise Undecodable from error
    return bytes(page)


def _taken(body: bytes) -> Iterator[bytes]:
    return (body[begin : begin + _TAKEN] for begin in range(0, len(body), _TAKEN))


def _gzip(body: bytes) -> Iterator[bytes]:
    # 32: tell gzip from zlib by the first bytes.
    decoder, parts = zlib.decompressobj(zlib.MAX_WBITS | 32), 1
    for taken in _taken(body):
        piece = taken
        while piece:
            if decoder.eof:
                if not piece.startswith(b"\x1f"):  # padding, which browsers also ignore
                    return
                decoder, parts = zlib.decompressobj(zlib.MAX_WBITS | 16), parts + 1
                if parts > MAX_PARTS:
                    raise TooLarge
            yield from _inflated(decoder, piece)
            piece = decoder.unused_data
    if not decoder.eof:
        raise Incomplete


def _deflate(body: bytes) -> Iterator[bytes]:
    # The format is that of zlib (RFC 1950), but some servers leave its frame out.
    is_framed = body[0] & 15 == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    decoder = zlib.decompressobj(zlib.MAX_WBITS if is_framed else -zlib.MAX_WBITS)
    for taken in _taken(body):
        yield from _inflated(decoder, taken)
        if decoder.eof:
            return
    raise Incomplete


def _inflated(decoder: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    while True:
        given = decoder.decompress(piece, _GIVEN)
        yield given
        piece = decoder.unconsumed_tail
        if decoder.eof or (not piece and len(given) < _GIVEN):
            return


def _brotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    for taken in _taken(body):
        given = decoder.process(taken, output_buffer_limit=_GIVEN)
        yield given
        # It may accept more input before it has given all output.
        while given or not decoder.can_accept_more_data():
            given = decoder.process(b"", output_buffer_limit=_GIVEN)
            yield given
        if decoder.is_finished():
            return
    raise Incomplete


def _zstd(body: bytes) -> Iterator[bytes]:
    decoder, parts = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS), 1
    for taken in _taken(body):
        piece = taken
        while piece:
            if decoder.eof:
                decoder, parts = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS), parts + 1
                if parts > MAX_PARTS:
                    raise TooLarge
            yield decoder.decompress(piece, max_length=_GIVEN)
            while not decoder.eof and not decoder.needs_input:
                yield decoder.decompress(b"", max_length=_GIVEN)
            piece = decoder.unused_data
    if not decoder.eof:
        raise Incomplete


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
