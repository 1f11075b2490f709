"""A shop, whose page says "In stock", and a task that watches it."""

from datetime import timedelta

import pytest

from tasks.models import Task
from tests.support.factories import make_task
from tests.support.receivers import HTTPAnswer
from torale import clock


@pytest.fixture
def later(time_machine):
    """Return a function that moves the time."""

    def moved(**time: float) -> None:
        time_machine.move_to(clock.now() + timedelta(**time), tick=False)

    return moved


@pytest.fixture
def site(http_receiver):
    """Return a server that answers at `/hook` with `hook`, and elsewhere with `page`."""
    http_receiver.hook = HTTPAnswer(204)
    http_receiver.page = HTTPAnswer(
        200, b"<title>Shop</title>In stock", {"Content-Type": "text/html"}
    )
    http_receiver.judge = lambda request: (
        http_receiver.hook if request.path == "/hook" else http_receiver.page
    )
    return http_receiver


@pytest.fixture
def task(owner, site) -> Task:
    """Return a task that watches the page and has a webhook."""
    return make_task(
        owner,
        name="Boots",
        search_query=f"{site.url}/product",
        webhook_url=f"{site.url}/hook",
    )
