"""Call functions on untrusted data, in child processes with limits on CPU time and memory.

The kernel enforces the limits, whatever code a child is running. Each child has its own pipe, so
the end of one child affects no other call; the next call gets a new child. Which call is next is
decided in confined_queue.py.
"""

import asyncio
import atexit
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from multiprocessing import Pipe
from typing import Any, TypeVar

from executions import confined_child
from executions.confined_child import CallResult
from executions.confined_queue import Queue

T = TypeVar("T")

#: Seconds of CPU time that a call may take: several times what an ordinary page of 5 MB needs.
CPU_S = 3
#: Bytes of memory that a child may have: twice what an ordinary page of 5 MB needs.
MEMORY_BYTES = 512 * 1024 * 1024
#: How many children a process has at once for all calls, and how many besides for the calls of
#: askers who have used little CPU time lately. Those never wait for a hostile page.
CHILDREN = 2
CHILDREN_FOR_LIGHT = 2
#: Seconds that a call may take by the clock. This is many times its CPU time, so that no page fails
#: just because the machine is busy.
CLOCK_S = 60
#: The program of a child. It imports from the same folders as its parent, but loads neither the
#: parent's main module nor any settings.
PROGRAM = (
    "import sys; sys.path[:] = sys.argv[4:]; "
    f"from {confined_child.__name__} import serve; "
    "serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))"
)


class TooMuch(Exception):
    """The call exceeded a limit, and would do so again; the message says which."""


class ChildDied(Exception):
    """The child ended for a reason that may have nothing to do with the call."""


async def confined(function: Callable[..., T], *arguments: Any, asker: str = "") -> T:
    """Call `function` in a child process; return what it returns or raise what it raises.

    The asker who has used the least CPU time lately is served first. Cancelling a call kills its
    child.

    Args:
        function: a function at the top level of a module. Each child imports that module, so it
            should import little.
        arguments: objects that can be pickled.
        asker: on whose behalf it is called, such as a user's id.

    Raises:
        TooMuch: the call took more than CPU_S seconds of CPU time or MEMORY_BYTES of memory.
        ChildDied: the child was killed, crashed, or did not end within CLOCK_S seconds.
    """
    call = _Call(function, arguments)
    _queue().put(call, asker=asker)
    try:
        result: T = await asyncio.wrap_future(call.future)
    except asyncio.CancelledError:
        call.cancel()
        raise
    return result


class _Child:
    """A process that answers one call after another."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            limits = (str(CPU_S), str(MEMORY_BYTES))
            self.process = subprocess.Popen(  # noqa: S603 - the program and the paths are ours
                [sys.executable, "-I", "-c", PROGRAM, str(theirs.fileno()), *limits, *sys.path],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches all processes of a terminal's group; the parent ends this child.
                start_new_session=True,
            )

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> CallResult:
        """Call `function` in the child and return how the call ended.

        Raises:
            TooMuch, ChildDied: as for `confined`; the child cannot be used again.
        """
        try:
            # Not `send`: if the child is gone, it leaves its buffer to the garbage collector, which
            # then warns about it.
            self._connection.send_bytes(pickle.dumps((function, arguments)))
            if self._connection.poll(CLOCK_S):
                result: CallResult = self._connection.recv()
                return result
        except (EOFError, ConnectionError):
            raise self._cause_of_death() from None
        raise ChildDied(f"it did not end within {CLOCK_S} s")

    def _cause_of_death(self) -> TooMuch | ChildDied:
        status = self.process.wait()
        if status == -signal.SIGPROF:
            return TooMuch(f"{CPU_S} s of CPU time")
        if status == confined_child.OUT_OF_MEMORY:
            return TooMuch(f"{MEMORY_BYTES // 1024**2} MB of memory")
        return ChildDied(f"its process ended with status {status}")

    def end(self) -> None:
        """Kill the process and close its pipe."""
        self.process.kill()
        self.process.wait()
        self._connection.close()


class _Call:
    """One call, made in a thread that waits for the child."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.future: Future[Any] = Future()
        self._function = function
        self._arguments = arguments
        self._child: _Child | None = None
        #: Held while `run` lets go of the child: `cancel` must not kill it once it serves another
        #: call.
        self._lock = threading.Lock()

    def run(self) -> float:
        """Make the call unless it was cancelled; return the seconds of CPU time that it took."""
        if not self.future.set_running_or_notify_cancel():
            return 0.0
        try:
            result = self._made()
        except BaseException as error:  # noqa: BLE001 - whoever awaits the call gets it
            self.future.set_exception(error)
            return CPU_S  # what a child that is gone has used is unknown
        if result.error is not None:
            self.future.set_exception(result.error)
        else:
            self.future.set_result(result.value)
        return result.cpu_s

    def _made(self) -> CallResult:
        child = self._child = _free_child()
        is_usable = False
        try:
            result = child.call(self._function, self._arguments)
            is_usable = not result.is_last
        finally:
            with self._lock:
                self._child = None
            if is_usable:
                _idle.append(child)
            else:
                child.end()
        return result

    def cancel(self) -> None:
        """Kill the child if it is still working on this call."""
        with self._lock:
            if self._child is not None:
                self._child.process.kill()


def _free_child() -> _Child:
    """Return the idle child that was used last, or a new one.

    Most of the time one child is enough.
    """
    with suppress(IndexError):
        while True:
            child = _idle.pop()
            if child.process.poll() is None:
                return child
            child.end()
    return _Child()


#: Children that wait for a call. `append` and `pop` are atomic.
_idle: list[_Child] = []


@cache
def _queue() -> Queue:
    """Return the process's queue, whose threads each wait for one child."""
    return Queue(threads=CHILDREN, for_light=CHILDREN_FOR_LIGHT)


@atexit.register
def _end_children() -> None:
    while _idle:
        _idle.pop().end()
