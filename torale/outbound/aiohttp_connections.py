"""Connections to other people's servers on which a flood of answers cannot block the event loop.

aiohttp accepts any number of interim answers (RFC 9110 §15.2). uvloop reads two megabytes at a
time, which are 80,000 of the shortest ones. Parsing them took five seconds; meanwhile nothing else
ran, not even time-outs.
"""

import functools
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

#: Interim answers that may come before the final one. A server sends one or two.
MAX_INTERIM: Final = 10
#: Bytes parsed at a time while the head of an answer is expected; most heads are shorter.
PIECE: Final = 4096

SWITCHING_PROTOCOLS: Final = 101
FIRST_FINAL: Final = 200


class TooManyInterim(aiohttp.ClientError):
    """A server sent more than MAX_INTERIM interim answers."""


class Connector(aiohttp.TCPConnector):
    """aiohttp's connector, with connections that check each answer as it arrives."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # aiohttp has no public way to set this attribute; tests fail if a release removes it.
        self._factory = functools.partial(Connection, loop=self._loop)  # type: ignore[assignment]


class Connection(ResponseHandler):
    """aiohttp's protocol, which stops reading when there are too many answers."""

    _interim = 0
    _is_answered = False
    _is_flooded = False

    def set_response_params(self, **parameters: Any) -> None:
        """Begin a new exchange."""
        self._interim = 0
        self._is_answered = False
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived; in pieces while the head of an answer is expected."""
        while len(data) > PIECE and (self._payload is None or self._payload.is_eof()):
            super().data_received(data[:PIECE])
            if self._is_flooded:
                return
            data = data[PIECE:]
        if not self._is_flooded:
            super().data_received(data)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Pass on one answer, interim or final.

        What follows the final answer belongs to no request: the answer is kept, but the connection
        is closed.
        """
        code = data[0].code
        if self._is_answered:
            self._is_flooded = True
        elif code < FIRST_FINAL and code != SWITCHING_PROTOCOLS:
            self._interim += 1
            if self._interim > MAX_INTERIM:
                self._is_flooded = True
                self.set_exception(TooManyInterim())
        else:
            self._is_answered = True
        if not self._is_flooded:
            super().feed_data(data, size)
        elif self.transport is not None:
            self.force_close()
            self.transport.close()
