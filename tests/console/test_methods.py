"""Opening a page changes nothing: programs that look for malware open every link of a mail."""

from typing import Any

import pytest
from django.apps import apps
from django.core import signing
from django.test import Client

from accounts import sign_up
from accounts.models import APIKey
from tests.support.factories import make_address, make_execution, make_preview, make_send, make_task
from tests.support.routes import CONSOLE_ROUTES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

#: What is stored whatever page is opened.
OF_EACH_REQUEST = {"Session", "Usage"}


@pytest.fixture
def ids(owner) -> dict[str, Any]:
    """The owner has one of each thing, by the name of the parameter that names it."""
    task = make_task(owner, is_muted=True)
    execution = make_execution(task, notification="Told.")
    send = make_send(owner, task=task, execution=execution, status="failed")
    make_address(owner)
    return {
        "task_id": task.pk,
        "subject_id": send.pk,
        "send_id": send.pk,
        "preview_id": make_preview(owner).pk,
        "key_id": APIKey.objects.create_key(user=owner, name="laptop")[0].pk,
        "endpoint_id": send.endpoint.public_id,
        "name": "conditions",
        "uidb64": "MQ",
        "token": signing.dumps("new@example.com", salt=sign_up.SALT),
    }


def rows() -> dict[str, list[Any]]:
    return {
        model.__name__: [*model._base_manager.order_by("pk").values()]
        for model in apps.get_models()
        if model.__name__ not in OF_EACH_REQUEST and model._meta.managed
    }


@pytest.mark.parametrize("method", ["get", "head", "options"])
@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_to_open_a_page_changes_nothing(owner_browser, ids, route, method):
    before = rows()

    answer = getattr(owner_browser, method)(route.format(**ids))

    assert answer.status_code in (200, 302, 405)
    assert rows() == before


@pytest.mark.parametrize("who", ["owner", "visitor"])
@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_a_page_answers_head_as_it_answers_get(owner, client, ids, route, who):
    if who == "owner":
        client.force_login(owner)

    got = client.get(route.format(**ids))
    head = client.head(route.format(**ids))

    assert (head.status_code, head.content) == (got.status_code, b"")


@pytest.mark.parametrize("who", ["owner", "visitor"])
@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_another_site_cannot_send_a_form(owner, ids, route, who):
    browser = Client(enforce_csrf_checks=True)
    if who == "owner":
        browser.force_login(owner)
    before = rows()

    answer = browser.post(route.format(**ids), {"email": "new@example.com", "name": "x"})

    assert answer.status_code in (403, 405)
    assert rows() == before


@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_no_cache_keeps_a_page_and_no_other_site_learns_its_address(owner_browser, ids, route):
    answer = owner_browser.get(route.format(**ids))

    if answer.status_code != 405:
        assert {"no-store", "private"} <= {*answer.headers["Cache-Control"].split(", ")}
    assert answer.headers["Referrer-Policy"] == "same-origin"
