"""Limit the CPU time of a test's own process, whatever the machine is and however busy."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_time_below(seconds: float) -> Iterator[None]:
    """Fail if the block takes more CPU time; on a slow machine, correspondingly more is allowed.

    A busy machine can need three times as long for the same work. So the limit is a ratio to work
    that is measured just before: a good machine needs 14 ms for it.
    """
    begin = time.process_time()
    for _ in range(300_000):
        begin += 0
    slowness = max(1, (time.process_time() - begin) / 0.014)
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds * slowness
