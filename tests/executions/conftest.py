"""How hypothesis runs here, and fixtures."""

import time

import pytest
from hypothesis import settings

from tests.support.unchanged_site import Site, Watch

# A machine that is busy with other tests makes no test wrong.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture
def half_a_second_of_cpu():
    """Fail the test if it takes more CPU time than that; on a slow machine, correspondingly more.

    A busy machine can need three times as long for the same work. So the limit is a ratio to work
    that is measured just before: a good machine needs 14 ms for it.
    """
    begin = time.process_time()
    for _ in range(300_000):
        begin += 0
    limit = max(0.5, 35 * (time.process_time() - begin))
    begin = time.process_time()
    yield
    assert time.process_time() - begin < limit


@pytest.fixture
def site(http_receiver) -> Site:
    site = Site()
    http_receiver.judge = site.answer
    return site


@pytest.fixture
def watch(http_receiver) -> Watch:
    return Watch(f"{http_receiver.url}/bread")
