import pytest

from tasks.view_counts import view_counter


@pytest.fixture(autouse=True)
def _views_stay_in_their_test():
    """What a test's requests looked at is not stored from a thread after its end."""
    yield
    view_counter.take()
