"""The rows of a list are freed when it has been sent, not at the next collection of garbage."""

import gc

import pytest
from django.core.wsgi import get_wsgi_application

from accounts.models import APIKey
from tests.support.factories import make_execution, make_send, make_task

ROWS = 30


@pytest.fixture
def lists(owner) -> list[str]:
    """Store what is listed; return the lists' paths."""
    task = make_task(owner)
    for _ in range(ROWS):
        make_send(owner, task=make_task(owner, is_public=True))
        make_execution(task, notification="News.")
    return [
        "/api/v1/notifications/sends",
        "/api/v1/public/tasks",
        "/api/v1/tasks",
        "/api/v1/tasks/feed",
        f"/api/v1/tasks/{task.pk}/executions",
    ]


@pytest.fixture
def read(owner, rf):
    """Return a function that reads a list without the test client, which makes garbage itself."""
    application = get_wsgi_application()
    _, secret = APIKey.objects.create_key(user=owner, name="Laptop")

    def read(path: str, limit: int) -> None:
        request = rf.get(path, {"limit": limit}, headers={"authorization": f"Bearer {secret}"})
        assert application.get_response(request).status_code == 200

    return read


def garbage(read, path: str, limit: int) -> int:
    """Read a list, and return how many objects are left for the garbage collector."""
    read(path, limit)  # fills caches
    gc.collect()
    gc.disable()
    try:
        read(path, limit)
        return gc.collect()
    finally:
        gc.enable()


def test_a_long_list_leaves_no_more_garbage_than_a_short_one(read, lists):
    left = {path: (garbage(read, path, 1), garbage(read, path, ROWS)) for path in lists}

    assert {path: both for path, both in left.items() if both[1] >= both[0] + ROWS} == {}
