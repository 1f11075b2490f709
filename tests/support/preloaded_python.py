"""Start Python programs quickly: a process that has imported the libraries forks for each program.

Importing libraries takes most of a program's start-up time. The process has imported them, but
nothing of the project. The program that it forks gets the given arguments, environment, folder and
files, imports the project, reads the settings and ends as `python …` would.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

ROOT = Path(__file__).parents[2]

#: The slowest imports that every program needs and that work without settings.
LIBRARIES = (
    *("aiohttp", "asgiref.sync", "croniter", "cryptography.fernet", "orjson", "procrastinate"),
    *("prometheus_client", "psycopg_pool", "requests", "rich.pretty", "sqlparse", "structlog.dev"),
    *("uritemplate", "yaml", "django.core.mail", "django.core.management"),
    *("django.core.serializers", "django.db.backends.postgresql.base", "django.db.models"),
    *("django.forms", "django.http", "django.template", "django.test", "django.urls"),
    "django.views.generic",
)

Request = dict[str, Any]

#: A file, or PIPE (the Program has its other end), or None for the file of the tests' own process.
File = IO[Any] | int | None
Pipe = IO[str] | None


class Program:
    """A program that was started. It is used like a `subprocess.Popen`."""

    def __init__(self, arguments: tuple[str, ...], status: int, pipes: tuple[Pipe, ...]) -> None:
        self.args = arguments
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = pipes
        self._status = os.fdopen(status)
        self.pid = int(self._status.readline())

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            with self._status:
                self.returncode = int(self._status.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    *arguments: str, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `python` with `arguments` to its end, as `subprocess.run` does."""
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        program = start(*arguments, environment=environment, stdout=output, stderr=errors)
        try:
            status = program.wait(timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            raise
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())


def start(
    *arguments: str,
    environment: Mapping[str, str],
    stdin: File = None,
    stdout: File = None,
    stderr: File = None,
    own_session: bool = False,
) -> Program:
    """Start `python` with `arguments`: a file's path or `-c CODE`, then the program's arguments."""
    request = {"arguments": arguments, "environment": {**environment}, "own_session": own_session}
    message = json.dumps(request).encode()
    status, its_status = os.pipe()
    with ExitStack() as ours:
        ours.callback(os.close, its_status)
        opened = [_opened(file, n, ours) for n, file in enumerate((stdin, stdout, stderr))]
        files, pipes = zip(*opened, strict=True)
        _, connection, _ = _forker()
        socket.send_fds(connection, [len(message).to_bytes(8)], [*files, its_status])
        connection.sendall(message)
    return Program(arguments, status, pipes)


def _opened(file: File, number: int, ours: ExitStack) -> tuple[int, Pipe]:
    """Return the program's file descriptor, and our end if it is a pipe.

    `ours` closes the program's end of a pipe.
    """
    if file is None:
        return number, None
    if not isinstance(file, int):
        return file.fileno(), None
    read, write = os.pipe()
    its, kept, mode = (write, read, "r") if number else (read, write, "w")
    ours.callback(os.close, its)
    return its, os.fdopen(kept, mode)


@cache
def _forker() -> tuple["subprocess.Popen[bytes]", socket.socket, TemporaryDirectory[str]]:
    """Return the process that forks, the connection to it, and its folder for bytecode."""
    ours, its = socket.socketpair()
    bytecode = TemporaryDirectory()
    with its:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.support.preloaded_python"),
                *(str(its.fileno()), bytecode.name),
            ],
            cwd=ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
        )
    return process, ours, bytecode


def stop() -> None:
    """End the process that forks."""
    if _forker.cache_info().currsize:
        process, connection, bytecode = _forker()
        connection.close()
        process.wait()
        bytecode.cleanup()
        _forker.cache_clear()


def _fork_for_each(connection: socket.socket) -> Request:
    """Fork for each request. In the forked process, return the request that it must run."""
    while True:
        head, files, _, _ = socket.recv_fds(connection, 8, 4)
        if not head:
            _reap()
            sys.exit()
        request: Request = json.loads(connection.recv(int.from_bytes(head), socket.MSG_WAITALL))
        if os.fork() == 0:
            connection.close()
            _fork_and_tell_the_end(*files)
            if request["own_session"]:
                os.setsid()
            return request
        for file in files:
            os.close(file)
        _reap(os.WNOHANG)


def _reap(options: int = 0) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _fork_and_tell_the_end(*files: int) -> None:
    """Fork once more and return in the child. The parent reports the child's id and exit status."""
    *streams, status = files
    pid = os.fork()
    if pid:
        for file in streams:
            os.close(file)
        os.write(status, f"{pid}\n".encode())
        _, ended = os.waitpid(pid, 0)
        os.write(status, f"{os.waitstatus_to_exitcode(ended)}\n".encode())
        os._exit(0)
    os.close(status)
    for number, file in enumerate(streams):
        os.dup2(file, number)
        os.close(file)


def _run(request: Request) -> None:
    os.environ.clear()
    os.environ.update(request["environment"])
    file, *arguments = request["arguments"]
    if file == "-c":
        code, *arguments = arguments
        sys.argv = ["-c", *arguments]
        exec(code, {"__name__": "__main__"})
    else:
        sys.argv = [file, *arguments]
        runpy.run_path(file, run_name="__main__")


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    # Each program imports the project. The first one writes the bytecode that all others use.
    sys.dont_write_bytecode, sys.pycache_prefix = False, sys.argv[2]
    gc.freeze()  # otherwise each program's collector would go through all imported objects
    gc.set_threshold(10_000)  # imports create many objects but little garbage
    _run(_fork_for_each(socket.socket(fileno=int(sys.argv[1]))))
