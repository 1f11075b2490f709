"""A receiver that is faster than any sender: it answers 204 to everything, or it hangs."""

import asyncio
import sys
from functools import partial

import uvloop

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Sink(asyncio.Protocol):
    """Reads requests with a Content-Length, as the senders here make them."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs = hangs
        self.buffered = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.hangs:
            return
        self.buffered += data
        while (end := self.buffered.find(b"\r\n\r\n")) >= 0:
            head = self.buffered[:end].lower()
            at = head.index(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0])
            if len(self.buffered) < end + 4 + length:
                return
            self.buffered = self.buffered[end + 4 + length :]
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


async def main(quick: int, hanging: int) -> None:
    """Open `quick` and `hanging` receivers on free ports, print the ports, serve until killed."""
    loop = asyncio.get_running_loop()
    for hangs, count in ((False, quick), (True, hanging)):
        for _ in range(count):
            kind = partial(Sink, hangs=hangs)
            server = await loop.create_server(kind, "127.0.0.1", 0, backlog=1024)
            print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
