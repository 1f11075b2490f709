"""The section "Conventions": lists."""

import pytest

from accounts.models import APIKey
from notifications.models import Attempt
from tests.support.api_calls import TASKS
from tests.support.factories import NOW, make_execution, make_send, make_task

BARE = [
    TASKS,
    f"{TASKS}/feed",
    f"{TASKS}/{{}}/executions",
    f"{TASKS}/{{}}/notifications",
    "/api/v1/public/feed",
    "/api/v1/webhooks/deliveries",
    "/auth/api-keys",
]


@pytest.mark.parametrize("path", BARE)
def test_lists_that_are_bare_arrays_carry_link(owner, owner_client, path):
    """Lists that are bare arrays carry `Link` headers with rel first, prev and next, as far as
    there are such pages (RFC 8288)."""
    task = make_task(owner, is_public=True)
    make_task(owner)
    for _ in range(3):
        execution = make_execution(task, notification="**In stock**")
        send = make_send(owner, task=task, execution=execution)
        Attempt.objects.create(
            send=send, number=1, started_at=NOW, duration_ms=5, status="succeeded"
        )
    APIKey.objects.create_key(user=owner, name="second")
    url = path.format(task.pk)

    first = owner_client.get(url, {"limit": 1})
    second = owner_client.get(url, {"limit": 1, "offset": 1})

    page = f"http://testserver{url}?limit=1"
    assert len(first.json()) == len(second.json()) == 1
    assert first.json() != second.json()
    assert first.headers["Link"] == f'<{page}>; rel="first", <{page}&offset=1>; rel="next"'
    assert second.headers["Link"].startswith(f'<{page}>; rel="first", <{page}>; rel="prev"')


@pytest.mark.parametrize("path", BARE)
def test_the_last_page_of_a_bare_array_has_no_next(owner, owner_client, path):
    """as far as
    there are such pages (RFC 8288)."""
    url = path.format(make_task(owner).pk)

    whole = owner_client.get(url, {"limit": 20})

    assert whole.headers["Link"] == f'<http://testserver{url}?limit=20>; rel="first"'
