"""CPU times of processes."""

from pathlib import Path

import psutil
from django.conf import settings


def cpu_s(process: psutil.Process) -> float:
    """Return the CPU time of a process and its children, also of those that ended, in seconds."""
    times = process.cpu_times()
    spent = float(times.user + times.system + times.children_user + times.children_system)
    for child in process.children():
        try:
            spent += cpu_s(child)
        except psutil.NoSuchProcess:  # it has ended meanwhile
            continue
    return spent


def postgres_cpu_s() -> float:
    """Return the CPU time that all processes of the embedded PostgreSQL have taken, in seconds."""
    pid_file = Path(settings.TORALE_DATA_DIR, "postgres", "cluster", "postmaster.pid")
    return cpu_s(psutil.Process(int(pid_file.read_text().split("\n", 1)[0])))
