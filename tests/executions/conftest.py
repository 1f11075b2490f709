"""How hypothesis runs here."""

import time

import pytest
from hypothesis import settings

# A machine that is busy with other tests makes no test wrong.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture
def half_a_second_of_cpu():
    """Fail the test if it takes more CPU time than that."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < 0.5
