"""Serve, make requests, and read what CPU time they took."""

import http.client
import itertools
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Self

import psutil
from django.conf import settings

from benchmarks.cpu_time import cpu_s, postgres_cpu_s

#: Requests under way at once; the web server runs views in as many threads.
CONNECTIONS = 4
#: Requests that take longer, in seconds, are made one by one: wrk stops in the middle of the last.
SLOW_S = 0.025
#: Requests that take longer, in seconds, are not repeated.
VERY_SLOW_S = 3.0

#: For wrk: make the requests in turn, and print what came of them.
SCRIPT = """
local requests, at = {}, 0
for line in io.lines("%s") do
  requests[#requests + 1] = wrk.format("GET", "%s", {["%s"] = line, ["Host"] = "localhost"})
end
request = function()
  at = at %% #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests": %%d, "median_us": %%d, "p95_us": %%d, "errors": %%d}\\n',
    summary.requests, latency:percentile(50), latency:percentile(95),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request: GET `path`, with one of the values in turn as its header `header`."""

    path: str
    values: Sequence[str]
    header: str = "Authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What some requests took."""

    requests: int
    #: CPU time in seconds.
    web_s: float
    postgres_s: float
    #: The time until the answer was complete, in seconds: the median and the 95th percentile.
    median_s: float
    p95_s: float

    @property
    def web_ms(self) -> float:
        """CPU time of the web process for one request, in milliseconds."""
        return self.web_s / self.requests * 1000

    @property
    def postgres_ms(self) -> float:
        """CPU time of all processes of PostgreSQL for one request, in milliseconds."""
        return self.postgres_s / self.requests * 1000

    @property
    def cpu_ms(self) -> float:
        return self.web_ms + self.postgres_ms


@dataclass
class Server:
    """A web server in a process of its own, and its log.

    Args:
        arguments: what Python runs.
        module: the settings.
    """

    arguments: Sequence[str]
    module: str
    port: int = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = Path(settings.TORALE_DATA_DIR, f"{self.module}.log")
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.module,
            "TORALE_LISTEN": f"127.0.0.1:{self.port}",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments], env=environment, stderr=log
            )
        for _ in range(400):
            if self._is_ready():
                return self
            time.sleep(0.05)
        sys.exit(f"The server did not start; see {self.log}.")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def _is_ready(self) -> bool:
        """Return whether it answers; before it knows the database's tables, it answers 503."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status != HTTPStatus.SERVICE_UNAVAILABLE
        except OSError:
            return False
        finally:
            connection.close()

    def cpu_s(self) -> float:
        """Return the CPU time that the process and its children have taken, in seconds."""
        return cpu_s(psutil.Process(self.process.pid))

    def forget_peak(self) -> None:
        """Let `peak_mib` begin anew (Linux)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_mib(self) -> float:
        """Return the largest resident size that the process has had, in MiB (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def check_wrk() -> None:
    """End with a sentence that says what to install, unless wrk is there."""
    if shutil.which("wrk") is None:
        sys.exit(
            "The load is made by wrk, which is not installed: `apt-get install wrk` or "
            "`brew install wrk`. With --quick, it is not needed."
        )


def spend(
    server: Server,
    call: Call,
    *,
    seconds: float,
    connections: int = CONNECTIONS,
    with_wrk: bool = True,
) -> Spent:
    """Call over kept connections for `seconds`, without a pause, and return what that took.

    Args:
        server: the server.
        call: the request.
        seconds: how long; the last request is finished.
        connections: how many requests wrk has under way at once.
        with_wrk: whether wrk calls; otherwise this process calls, one request at a time.
    """
    web, postgres = server.cpu_s(), postgres_cpu_s()
    if with_wrk:
        requests, median, p95 = _wrk(
            server, call, seconds=max(1, round(seconds)), connections=connections
        )
    else:
        took = [*_one_by_one(server, call, seconds=seconds)]
        requests, median = len(took), statistics.median(took)
        p95 = statistics.quantiles(took, n=20)[-1] if requests > 1 else median
    return Spent(
        requests=requests,
        web_s=server.cpu_s() - web,
        postgres_s=postgres_cpu_s() - postgres,
        median_s=median,
        p95_s=p95,
    )


def once(server: Server, call: Call) -> Spent:
    """Call once, and return what that took."""
    return spend(server, call, seconds=0, with_wrk=False)


def get(server: Server, call: Call) -> tuple[Message, int]:
    """Call once, and return the headers and the number of lines of the answer.

    The answer is read in pieces, as it may be large.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", call.path, headers=_headers(call, 0))
    answer = connection.getresponse()
    assert answer.status == 200, f"{call.path} was answered {answer.status}"
    lines = 0
    while part := answer.read(65536):
        lines += part.count(b"\n")
    connection.close()
    return answer.headers, lines


def _headers(call: Call, number: int) -> dict[str, str]:
    return {call.header: call.values[number % len(call.values)], "Host": "localhost"}


def _one_by_one(server: Server, call: Call, *, seconds: float) -> Iterator[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    end = time.monotonic() + seconds
    for number in itertools.count():
        begun = time.monotonic()
        connection.request("GET", call.path, headers=_headers(call, number))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"{call.path} was answered {answer.status}"
        yield time.monotonic() - begun
        if time.monotonic() >= end:
            break
    connection.close()


def _wrk(server: Server, call: Call, *, seconds: int, connections: int) -> tuple[int, float, float]:
    folder = Path(settings.TORALE_DATA_DIR)
    values, script = folder / "wrk.values", folder / "wrk.lua"
    values.write_text("\n".join(call.values))
    script.write_text(SCRIPT % (values, call.path, call.header))
    done = subprocess.run(
        [
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            "--timeout=60s",
            f"--script={script}",
            f"http://127.0.0.1:{server.port}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.strip().rpartition("\n")[2])
    assert not found["errors"], f"{call.path} had {found['errors']} errors: {done.stdout}"
    return found["requests"], found["median_us"] / 1e6, found["p95_us"] / 1e6
