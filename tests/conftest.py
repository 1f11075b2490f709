"""Fixtures for all tests: users and their clients.

`owner` has tasks and sends, and `stranger` must not see any of them.
"""

import asyncio
import gc
import ipaddress
import sys
import threading
from collections.abc import Generator
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from tasks.view_counts import view_counter
from tests.support import database_clock, preloaded_python, template_database
from tests.support.emptied_tables import empty_tables
from tests.support.factories import NOW
from torale.database import WAYS_OF_READING_ALL

#: The file of the test that takes the longest.
LONGEST = "test_many_machines.py"

pytest_plugins = [
    "tests.support.receivers",
    "tests.support.scripted_model",
    "tests.support.small_web",
    "tests.support.answered_questions",
    "tests.support.questions",
]

connection_created.connect(database_clock.follow)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Use one process more than xdist does for the cores, because tests also wait."""
    return (yield) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the test that takes the longest, so that the others need not wait for its end."""
    items.sort(key=lambda item: item.path.name != LONGEST)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Unregister Hypothesis's plugin if no test uses it, and make garbage collection rarer.

    The plugin's summary would import Hypothesis.
    """
    plugins = session.config.pluginmanager
    if "hypothesis" not in sys.modules and plugins.has_plugin("hypothesispytest"):
        plugins.unregister(name="hypothesispytest")
    # Imported objects live until the end, and most other objects are freed without the collector.
    gc.freeze()
    gc.set_threshold(10_000)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, django_db_keepdb, django_db_blocker
):
    if not django_db_keepdb:  # with --reuse-db, Django migrates the existing one
        with django_db_blocker.unblock():
            template_database.copy_for_tests()


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """Let the module's fixtures make rows that its tests share, and remove them at its end.

    The tests must not be transactional. What a test changes itself is undone when it ends.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session", autouse=True)
def _fast_settings():
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Otherwise WhiteNoise goes through all static files for each test client.
    django_settings.WHITENOISE_AUTOREFRESH = True
    TransactionTestCase._fixture_teardown = lambda _: empty_tables()  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _stop_preloaded_python():
    yield
    preloaded_python.stop()


@pytest.fixture(autouse=True)
def _give_back_connections(request):
    """Close the connection of the thread that runs Django's code for an event loop.

    The test database can only be dropped once nobody is connected to it.
    """
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        # In a thread of its own, because Playwright's event loop may be in this one.
        closing = threading.Thread(
            target=asyncio.run, args=(sync_to_async(connections.close_all)(),)
        )
        closing.start()
        closing.join()


@pytest.fixture(autouse=True)
def _count_no_views_after_the_test():
    """Drop the views that a test counted: a thread would store them seconds later."""
    yield
    view_counter.take()


@pytest.fixture(autouse=True)
def _no_download_left_open():
    """Close downloads that a test did not read, as a server does when its client disconnects."""
    yield
    while KeyClient.streamed:
        for close in KeyClient.streamed.pop()._resource_closers:
            close()


@pytest.fixture
def only_index_scans(db) -> None:
    """Keep the planner from other ways of reading, which are cheaper while tables are small."""
    with connection.cursor() as cursor:
        for way in WAYS_OF_READING_ALL:
            cursor.execute(f"SET LOCAL {way} = off")


@pytest.fixture
def at_now(time_machine) -> None:
    """Set the time to NOW, and stop the clock."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def owner(db) -> User:
    return User.objects.create_user("owner@example.com", first_name="Olive")


@pytest.fixture
def stranger(db) -> User:
    return User.objects.create_user("stranger@example.com", first_name="Sam")


@pytest.fixture
def operator(db) -> User:
    return User.objects.create_superuser("operator@example.com", "a long password")


class KeyClient(APIClient):
    """A client that calls with an API key."""

    #: The key's row.
    key: APIKey
    #: Streamed responses, whose content a test may leave unread.
    streamed: ClassVar[list[Any]] = []

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        if response.streaming:
            self.streamed.append(response)
        return response


def client_of(user: User, *, is_read_only: bool = False) -> KeyClient:
    """Return a client that calls with a new API key of `user`."""
    client = KeyClient()
    client.key, secret = APIKey.objects.create_key(
        user=user, name="test", is_read_only=is_read_only
    )
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def owner_client(owner) -> KeyClient:
    return client_of(owner)


@pytest.fixture
def stranger_client(stranger) -> KeyClient:
    return client_of(stranger)


@pytest.fixture
def anonymous_client(db) -> APIClient:
    return APIClient()


@pytest.fixture
def operator_client(operator, client):
    """Return a browser in which the operator has logged in to the admin."""
    client.force_login(operator)
    return client


@pytest.fixture
def owner_browser(owner, client):
    """Return a browser in which the owner has logged in to the console."""
    client.force_login(owner)
    return client


@pytest.fixture
def loopback_allowed(settings) -> None:
    """Let the guarded door call the receivers on this machine."""
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = (
        ipaddress.ip_network("127.0.0.0/8"),
        ipaddress.ip_network("::1/128"),
    )
