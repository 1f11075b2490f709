"""Lets libcurl make transfers on an event loop."""

import asyncio
import selectors

import pycurl

#: What is to be watched for each of libcurl's wishes, and what it is told then.
EVENTS = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}
READY = {
    selectors.EVENT_READ: pycurl.CSELECT_IN,
    selectors.EVENT_WRITE: pycurl.CSELECT_OUT,
    selectors.EVENT_READ | selectors.EVENT_WRITE: pycurl.CSELECT_IN | pycurl.CSELECT_OUT,
}


class CurlMulti:
    """Makes the transfers of libcurl's easy handles; to be opened on a running event loop.

    libcurl wants a socket to be watched only while a transfer waits for it. pycurl's AsyncCurlMulti
    passes that on to the event loop, and uvloop makes six system calls of it for each transfer.
    Here, the event loop watches nothing but a selector, which makes two.

    Args:
        limit: how many connections may be open at a time; more transfers wait.
    """

    def __init__(self, *, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends: dict[pycurl.Curl, asyncio.Future[None]] = {}
        self._watched: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._loop.add_reader(self._selector, self._use_ready_sockets)
        self._timer: asyncio.TimerHandle | None = None
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, limit)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, limit)

    async def perform(self, curl: pycurl.Curl) -> None:
        """Make the transfer that `curl` was prepared for.

        Raises:
            pycurl.error: it failed.
        """
        self._multi.add_handle(curl)
        end = self._ends[curl] = self._loop.create_future()
        try:
            await end
        finally:
            del self._ends[curl]
            self._multi.remove_handle(curl)

    # libcurl calls the next two, and must not be called from there.

    def _watch(self, wish: int, fd: int, _multi: object, _data: object) -> None:
        if wish not in EVENTS:
            self._watched.remove(fd)
            self._selector.unregister(fd)
        elif fd in self._watched:
            self._selector.modify(fd, EVENTS[wish])
        else:
            self._watched.add(fd)
            self._selector.register(fd, EVENTS[wish])

    def _set_timer(self, wait_ms: int) -> None:
        if self._timer:
            self._timer.cancel()
        # -1 stands for none.
        self._timer = None if wait_ms < 0 else self._loop.call_later(wait_ms / 1000, self._use_time)

    def _use_time(self) -> None:
        self._timer = None
        self._act(pycurl.SOCKET_TIMEOUT, 0)
        self._note_ends()

    def _use_ready_sockets(self) -> None:
        # libcurl does nothing for a socket that it has closed meanwhile.
        for key, events in self._selector.select(0):
            self._act(key.fd, READY[events])
        self._note_ends()

    def _act(self, fd: int, ready: int) -> None:
        try:
            self._multi.socket_action(fd, ready)
        except pycurl.error as error:  # no transfer would end any more
            for end in self._ends.values():
                if not end.done():
                    end.set_exception(error)

    def _note_ends(self) -> None:
        _, succeeded, failed = self._multi.info_read()
        for curl in succeeded:
            if not self._ends[curl].done():  # cancelled
                self._ends[curl].set_result(None)
        for curl, code, message in failed:
            if not self._ends[curl].done():
                self._ends[curl].set_exception(pycurl.error(code, message))

    async def close(self) -> None:
        """Cancel what is under way, and close all connections."""
        for end in self._ends.values():
            end.cancel()
        await asyncio.sleep(0)  # until their handles are removed
        self._multi.close()
        self._set_timer(-1)
        self._loop.remove_reader(self._selector)
        self._selector.close()
