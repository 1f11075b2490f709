"""Open the port that the web server listens at, and find out who has it if that fails."""

import errno
import os
import socket

import psutil

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
    tries_left = 2
    while True:
        tries_left -= 1
        try:
            return socket.create_server(
                (host, port),
                family=family,
                backlog=BACKLOG,
                dualstack_ipv6=family == socket.AF_INET6 and socket.has_dualstack_ipv6(),
            )
        except OSError as error:
            is_in_use = error.errno == errno.EADDRINUSE
            holder = holder_of(port) if is_in_use else None
            # Nobody has it any more: another `serve` that is starting opens it for a moment, too.
            if is_in_use and not holder and tries_left:
                continue
            raise _refusal(host, port, error, holder) from error


def _refusal(host: str, port: int, error: OSError, holder: tuple[int, str] | None) -> CannotListen:
    # create_server puts the address into `strerror`.
    reason = os.strerror(error.errno) if error.errno else str(error)
    remedy = "stop what uses it"
    if holder:
        pid, command = holder
        reason = f"{reason} by process {pid}, `{command}`"
        remedy = f"end that with `kill {pid}`"
    return CannotListen(
        f"{host}:{port} cannot be served ({reason}); {remedy} or set TORALE_LISTEN "
        "(and TORALE_URL) to another port."
    )


def holder_of(port: int) -> tuple[int, str] | None:
    """Return the id and command of the process that listens at `port`.

    None if the system does not show it, as for other users' processes, or if it has ended.
    """
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listens and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return connection.pid, command[:100]
    except psutil.Error:
        pass
    return None
