"""How hypothesis runs here, and fixtures."""

import pytest
from hypothesis import settings

from tests.support.cpu_time import cpu_time_below
from tests.support.unchanged_site import Site, Watch

# A machine that is busy with other tests makes no test wrong.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture
def half_a_second_of_cpu():
    """Fail the test if it takes more CPU time than that."""
    with cpu_time_below(0.5):
        yield


@pytest.fixture
def site(http_receiver) -> Site:
    site = Site()
    http_receiver.judge = site.answer
    return site


@pytest.fixture
def watch(http_receiver) -> Watch:
    return Watch(f"{http_receiver.url}/bread")
