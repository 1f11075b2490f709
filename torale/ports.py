"""Open the port on which the web server listens, or find the process that uses it already."""

import errno
import os
import socket

import psutil

#: How many connections may wait to be accepted.
BACKLOG = 1024


class CannotListen(Exception):
    """The port cannot be opened; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port`.

    Raises:
        CannotListen: the message names the process that uses the port, if the system shows it.
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
            # The port is free again: another `serve` opens it for a moment when it starts, too.
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
    """Return the id and command of the process that listens on `port`.

    Return None if the system does not show it, as for other users' processes, or if it has ended.
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
