"""Open the port that the web server listens at, and find out who has it if that fails."""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

#: Connections that wait to be accepted.
BACKLOG = 1024


class CannotListen(Exception):
    """The port cannot be opened; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host` and `port`.

    Raises:
        CannotListen: names the process that has the port, where that can be seen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port),
            family=family,
            backlog=BACKLOG,
            dualstack_ipv6=family == socket.AF_INET6 and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        # create_server puts the address into `strerror`.
        reason = os.strerror(error.errno) if error.errno else str(error)
        remedy = "stop what uses it"
        if error.errno == errno.EADDRINUSE and (holder := holder_of(port)):
            pid, command = holder
            reason = f"{reason} by process {pid}, `{command}`"
            remedy = f"end that with `kill {pid}`"
        raise CannotListen(
            f"{host}:{port} cannot be served ({reason}); {remedy} or set TORALE_LISTEN "
            "(and TORALE_URL) to another port."
        ) from error


def holder_of(port: int) -> tuple[int, str] | None:
    """Return the id and command of the process that listens at `port`.

    None if the kernel does not show it: on other systems than Linux, or for other users' processes.
    """
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                listens = fields[3] == "0A"
                if listens and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        with suppress(OSError):
            if str(descriptor.readlink()) in inodes:
                process = descriptor.parent.parent
                command = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ")
                return int(process.name), command.decode(errors="replace").strip()[:100]
    return None
