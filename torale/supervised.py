"""Run commands of manage.py side by side, in processes that end with this one.

`python -m torale.supervised COMMAND` is such a process. The one that starts it holds the other end
of its standard input, which the kernel closes when that one ends, even after kill -9. This works on
every Unix. It needs no process id, which could belong to another process by then.
"""

import asyncio
import os
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from django.core.management.base import CommandError

logger = structlog.get_logger(__name__)

ROOT: Final = Path(__file__).parent.parent
#: Seconds that a process has to end before it is killed; a worker finishes its deliveries in 20.
KILL_WAIT: Final = 22
#: Seconds after which a process counts as having come up. One that ends later, such as for lack of
#: memory, is started again.
COMES_UP_S: Final = 10.0
#: Seconds to wait before a process is started again.
PAUSE_S: Final = 1.0


async def run_together(
    programs: Mapping[str, Sequence[str]], *, command: str, listener: socket.socket | None = None
) -> None:
    """Run commands of manage.py until SIGTERM or SIGINT, and then end them all.

    One that ends by itself is started again, and the others are not touched. But if it had not even
    come up, all are ended. One that the system cannot start now is tried again and again. They
    write whole lines to the standard output and error of this process.

    Args:
        programs: what follows `manage.py` on the command lines, by the name that messages use.
        command: the command that runs them all, for messages.
        listener: a socket that they inherit, under the same file descriptor. It is closed here as
            soon as they are told to end, so that no client waits on it in vain.

    Raises:
        CommandError: one ended before it had come up; this command then ends with its status.
    """
    stop = asyncio.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, stop.set)
    running = {
        asyncio.create_task(_keep_running(name, arguments, stop, listener)): name
        for name, arguments in programs.items()
    }
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    if listener:
        listener.close()
    await asyncio.wait(running)
    for ended, name in running.items():
        status = ended.result()
        if status is not None:
            # A negative status is the number of the signal that killed the process.
            raise CommandError(
                f"{name} has ended, so {command} ends, too. If nothing above says why, it was "
                "killed.",
                returncode=128 - status if status < 0 else status or 1,
            )


async def _keep_running(
    name: str, arguments: Sequence[str], stop: asyncio.Event, listener: socket.socket | None
) -> int | None:
    """Run a command, again and again, until `stop` is set.

    Returns:
        The status of the command if it has ended before it had come up.
    """
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        started = time.monotonic()
        try:
            process = await _started(arguments, listener)
        except OSError as error:  # such as for lack of memory
            logger.warning("process_not_started", name=name, error=str(error))
            await asyncio.wait({stopping}, timeout=PAUSE_S)
            continue
        end = asyncio.create_task(process.wait())
        await asyncio.wait({end, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await _end(process)
        elif time.monotonic() - started < COMES_UP_S:
            stopping.cancel()
            return end.result()
        else:
            logger.warning("process_restarted", name=name, status=end.result())
            await asyncio.wait({stopping}, timeout=PAUSE_S)
    return None


async def _started(
    arguments: Sequence[str], listener: socket.socket | None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "torale.supervised", *arguments),
        cwd=ROOT,
        # Kept open until this process ends. Nothing is written to it.
        stdin=asyncio.subprocess.PIPE,
        # Without this, the terminal's Ctrl-C would stop each of them twice: directly, and through
        # this process.
        start_new_session=True,
        pass_fds=[listener.fileno()] if listener else [],
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), KILL_WAIT)
    except TimeoutError:
        process.kill()
        await process.wait()


def end_with_parent() -> None:
    """Wait for the end of standard input; then terminate this process, or kill it if necessary."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(KILL_WAIT)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
