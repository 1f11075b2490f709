"""Rows of processes that report that they are alive."""

from tests.support.factories import NOW
from torale import __version__
from torale.models import Process
from torale.uuid7 import uuid7


def make_process(does: str = "deliver jobs visit", **fields) -> Process:
    """Store a process that was alive at NOW; by default a worker that does everything."""
    values = {
        "command": "web" if does == "web" else "worker",
        "host": "torale1",
        "pid": 100 + Process.objects.count(),
        "version": __version__,
        "started_at": NOW,
        "seen_at": NOW,
    }
    return Process.objects.create(id=uuid7(), does=does, **{**values, **fields})
