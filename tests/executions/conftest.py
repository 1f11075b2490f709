"""How hypothesis runs here."""

import pytest
from hypothesis import settings

from tests.support.cpu_time import cpu_time_below

# A machine that is busy with other tests makes no test wrong.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture
def half_a_second_of_cpu():
    """Fail the test if it takes more CPU time than that."""
    with cpu_time_below(0.5):
        yield
