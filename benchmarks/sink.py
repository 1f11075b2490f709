"""A receiver that is faster than any sender: it answers 204 to everything, or it hangs."""

import argparse
import asyncio
import ssl
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


async def main(quick: int, hanging: int, certificate: str | None) -> None:
    """Open receivers on free ports, print the ports, and serve until killed.

    Args:
        quick: how many answer at once.
        hanging: how many never answer.
        certificate: the file with the key and certificate of receivers that speak TLS; None for
            plain ones.
    """
    loop = asyncio.get_running_loop()
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    for hangs, count in ((False, quick), (True, hanging)):
        for _ in range(count):
            kind = partial(Sink, hangs=hangs)
            server = await loop.create_server(kind, "127.0.0.1", 0, backlog=1024, ssl=tls)
            print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("quick", type=int)
    parser.add_argument("hanging", type=int)
    parser.add_argument("--certificate")
    options = parser.parse_args()
    uvloop.run(main(options.quick, options.hanging, options.certificate))
