"""A web site at every loopback address, whose pages have the size and the delay that a path names.

`/2000/1000/7` is a page of 2,000 bytes that comes after 1,000 ms; `/hang` never comes.
"""

import asyncio

import uvloop

PARAGRAPH = (
    '<li class="item"><a href="/item/%d">Bread no. %d</a> <span class="price">%d.95 €</span>'
    " <p>Baked this morning from rye, water and salt. <b>In stock</b>, ready to be sent.</p></li>\n"
)
HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>The bakery</title>\n'
    '<link rel="stylesheet" href="/style.css"><script>window.dataLayer = [];</script></head>\n'
    "<body><nav><a href='/'>Home</a> <a href='/cart'>Cart</a></nav><main><h1>Bread</h1><ul>\n"
)
FOOT = "</ul></main><footer>Imprint · Terms · Contact</footer></body></html>\n"


def page(size: int) -> bytes:
    """Return an HTML page of about `size` bytes."""
    parts, length, number = [HEAD], len(HEAD) + len(FOOT), 0
    while length < size:
        number += 1
        parts.append(PARAGRAPH % (number, number, number % 90))
        length += len(parts[-1])
    return "".join([*parts, FOOT]).encode()


class Site(asyncio.Protocol):
    """Answers GET requests and keeps connections open."""

    pages: dict[int, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffered = b""

    def data_received(self, data: bytes) -> None:
        self.buffered += data
        while (end := self.buffered.find(b"\r\n\r\n")) >= 0:
            path = self.buffered.split(b" ", 2)[1].decode()
            self.buffered = self.buffered[end + 4 :]
            if path == "/hang":
                return
            _, size, delay_ms, _ = path.split("/")
            asyncio.get_running_loop().call_later(int(delay_ms) / 1000, self.answer, int(size))

    def answer(self, size: int) -> None:
        if size not in self.pages:
            body = page(size)
            self.pages[size] = (
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)
            ) + body
        self.transport.write(self.pages[size])  # type: ignore[attr-defined]


async def main() -> None:
    """Serve on a free port of all addresses, print the port, serve until killed."""
    # Linux answers at each of 127.0.0.0/8 only if the socket is bound to no address.
    server = await asyncio.get_running_loop().create_server(
        Site,
        "0.0.0.0",
        0,
        backlog=4096,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
