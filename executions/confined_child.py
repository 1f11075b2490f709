"""The process in which confined calls run: it limits itself, then answers one call after another.

It imports nothing except what it is asked to call. See executions/confined.py.
"""

import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

#: A process that has more bytes of memory than this after a call is not used again, because the
#: next call might not have enough left.
KEPT_BYTES = 128 * 1024 * 1024
#: Deliveries and requests go first: on a busy machine they get three times the CPU time. With 10
#: they would get nine times as much, and an ordinary page would wait too long.
NICENESS = 5
#: The exit status of a process whose call needs more memory than is allowed.
OUT_OF_MEMORY = 77


class CallResult(NamedTuple):
    """How a call ended."""

    #: What the function returned.
    value: Any
    #: What it raised.
    error: Exception | None
    #: The seconds of CPU time that it took.
    cpu_s: float
    #: Whether the process ends now.
    is_last: bool


def serve(descriptor: int, cpu_s: float, memory_bytes: int) -> None:
    """Answer calls until the parent closes its end of the socket or is killed.

    Args:
        descriptor: the descriptor of the socket on which the calls arrive.
        cpu_s: seconds of CPU time that each call may take.
        memory_bytes: memory that the process may have, its libraries included.
    """
    os.nice(NICENESS)
    if sys.platform == "linux":  # other systems do not enforce it
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # Otherwise the kernel would write the memory of a process that it kills to the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Connection(descriptor) as connection:
        try:
            is_last = False
            while not is_last:
                call = connection.recv()
                begun = time.process_time()
                value, error = _call(cpu_s, *call)
                is_last = _memory() > KEPT_BYTES
                connection.send(CallResult(value, error, time.process_time() - begun, is_last))
        except (EOFError, ConnectionError):
            return
        except MemoryError:
            # Nothing can be relied on any more, not even that a reply can be sent.
            os._exit(OUT_OF_MEMORY)


def _call(
    cpu_s: float, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, Exception | None]:
    # With the signal's default action, the kernel ends the process. A handler in Python would run
    # only after the code that takes too long.
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        return function(*arguments), None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        error.add_note(traceback.format_exc())
        return None, _portable(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _portable(error: Exception) -> Exception:
    """Return `error`, or a RuntimeError that describes it if the parent could not unpickle it."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever the error's class does
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.add_note(traceback.format_exc())  # of both errors
        return told
    return error


def _memory() -> int:
    """Return the bytes of memory that count against the limit; 0 where there is no limit."""
    if sys.platform != "linux":
        return 0
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()
