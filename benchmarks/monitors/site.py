"""A real HTTP server on loopback that serves the pages of one case."""

import asyncio
from http.client import responses
from types import TracebackType
from typing import Self

from benchmarks.monitors.case import Served

NOT_THERE = Served(
    body=b"<html><head><title>404 Not Found</title></head><body>Not Found</body></html>",
    status=404,
    headers={"Content-Type": "text/html"},
)


class Site:
    """Serves `pages` by their paths, at an origin of its own."""

    def __init__(self) -> None:
        self.pages: dict[str, Served] = {}
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._server
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            served = self.pages.get(head.split(" ", 2)[1], NOT_THERE)
            if served.with_cookie and served.with_cookie[0] in head:
                served = served.with_cookie[1]
            if served.fault == "reset":
                writer.transport.abort()
                return
            writer.write(_message(served))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed the connection: it keeps spare ones, or has read enough
        finally:
            writer.close()


def _message(served: Served) -> bytes:
    lines = [f"HTTP/1.1 {served.status} {responses.get(served.status, '')}"]
    lines += [f"{name}: {value}" for name, value in served.headers.items()]
    lines += [f"Content-Length: {len(served.body)}", "Connection: close", "", ""]
    end = len(served.body) // 2 if served.fault == "cut off" else None
    return "\r\n".join(lines).encode("latin-1") + served.body[:end]
