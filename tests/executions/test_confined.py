"""Calls in child processes, and what becomes of these."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time

import psutil
import pytest
from django.conf import settings

from executions import confined as module
from executions.confined import ChildDied, TooMuch, confined
from tests.support.child_calls import spin, tell_and_sleep
from tests.support.receivers import wait_for


def call(function, *arguments):
    return asyncio.run(confined(function, *arguments))


@pytest.fixture
def new_children():
    """Start with none, and leave none."""
    module._end_children()
    yield
    module._end_children()


def fail() -> None:
    raise LookupError("not there")


class Picky(Exception):
    """Pickled by its one argument, it cannot be made again."""

    def __init__(self, message: str, *, place: int) -> None:
        super().__init__(message)
        self.place = place


def fail_pickily() -> None:
    raise Picky("not here", place=3)


def take(megabytes: int) -> int:
    return len(b"x" * (megabytes * 1024**2))


def keep(megabytes: int) -> None:
    signal.kept = b"x" * (megabytes * 1024**2)  # type: ignore[attr-defined]


def pid_and_limits() -> tuple[int, int, tuple[int, int]]:
    return os.getpid(), os.nice(0), resource.getrlimit(resource.RLIMIT_AS)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_call_returns_what_the_function_returns():
    assert call(divmod, 7, 2) == (3, 1)


def test_a_call_raises_what_the_function_raises():
    with pytest.raises(LookupError, match="not there") as failure:
        call(fail)

    # Where in the child it was raised.
    assert "in fail" in failure.value.__notes__[0]


def test_an_error_that_does_not_survive_pickling_is_told_all_the_same(new_children):
    first = call(pid_and_limits)

    with pytest.raises(RuntimeError, match="Picky: not here"):
        call(fail_pickily)

    assert call(pid_and_limits) == first


def test_calls_in_turn_share_a_process_that_is_not_ours_and_gives_way(new_children):
    first, second = call(pid_and_limits), call(pid_and_limits)

    assert first == second
    pid, niceness, memory = first
    assert pid != os.getpid()
    assert niceness == os.nice(0) + 5
    assert memory == (module.MEMORY_BYTES, module.MEMORY_BYTES)


def test_what_reads_pages_imports_neither_django_nor_aiohttp():
    program = (
        "import sys, executions.confined_child, executions.pages.examine; "
        "print({'django', 'aiohttp', 'asyncio'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "set()\n"


def test_a_call_that_exceeds_its_time_ends_alone(new_children, monkeypatch):
    monkeypatch.setattr(module, "CPU_S", 0.5)

    async def main():
        return await asyncio.gather(
            confined(spin),
            *(confined(divmod, number, 1) for number in range(20)),
            confined(spin),
            confined(divmod, 20, 1),
            return_exceptions=True,
        )

    first, *others = asyncio.run(main())

    assert isinstance(first, TooMuch)
    assert str(first) == "0.5 s of CPU time"
    assert isinstance(others.pop(20), TooMuch)
    assert others == [(number, 0) for number in range(21)]


def test_a_call_that_exceeds_its_memory_ends_alone(new_children):
    with pytest.raises(TooMuch) as failure:
        call(take, 600)

    assert str(failure.value) == "512 MB of memory"
    assert call(take, 100) == 100 * 1024**2


def test_arguments_that_exceed_the_memory_end_alone(new_children, monkeypatch):
    monkeypatch.setattr(module, "MEMORY_BYTES", 64 * 1024**2)
    with pytest.raises(TooMuch):
        call(len, b"x" * (100 * 1024**2))

    assert call(len, b"x") == 1


def test_a_process_that_keeps_much_memory_is_replaced(new_children):
    pid = call(os.getpid)

    call(keep, 200)

    assert call(os.getpid) != pid
    assert not is_alive(pid)


def test_an_idle_process_that_was_killed_is_replaced(new_children):
    pid = call(os.getpid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid))

    assert call(os.getpid) != pid


def test_a_process_that_crashes_is_no_fault_of_the_call(new_children):
    with pytest.raises(ChildDied) as failure:
        call(signal.raise_signal, signal.SIGSEGV)

    assert str(failure.value) == "its process ended with status -11"


def test_a_process_that_hangs_is_ended(new_children, monkeypatch):
    monkeypatch.setattr(module, "CLOCK_S", 0.2)

    with pytest.raises(ChildDied) as failure:
        call(time.sleep, 60)

    assert str(failure.value) == "it did not end within 0.2 s"


def test_a_cancelled_call_ends_its_process(new_children, tmp_path):
    path = tmp_path / "pid"

    async def main() -> None:
        running = asyncio.create_task(confined(tell_and_sleep, str(path)))
        async with asyncio.timeout(10):
            while not path.exists():  # noqa: ASYNC110 - the event is a file's
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())

    wait_for(lambda: not is_alive(int(path.read_text())))


#: A parent with an idle child and one at work.
PARENT = """
import asyncio, contextlib, signal, sys
from executions import confined
from tests.support.child_calls import tell_and_spin

# A shell that starts the tests in the background has them ignore SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)
confined.CPU_S = float(sys.argv[2])

async def main():
    await asyncio.gather(*(confined.confined(divmod, 7, 2) for _ in range(2)))
    await confined.confined(tell_and_spin, sys.argv[1])

with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
"""


# A child that is at work when its parent is killed ends by the limit of CPU time; one whose parent
# is interrupted must not reach the limit before that.
@pytest.mark.parametrize(("how", "cpu_s"), [("killed", 1), ("interrupted", 30)])
def test_no_process_outlives_its_parent(tmp_path, how, cpu_s):
    path = tmp_path / "pid"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, path, str(cpu_s)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "torale.settings"},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for(path.exists)
    children = children_of(parent.pid)
    assert len(children) == 2
    assert int(path.read_text()) in children

    if how == "killed":
        parent.kill()
    else:
        # As Ctrl-C does.
        os.killpg(parent.pid, signal.SIGINT)
    _, complaints = parent.communicate(timeout=10)

    wait_for(lambda: not any(is_alive(pid) for pid in children))
    assert complaints == b""


def children_of(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]
