import re

import pytest

from notifications.channels.email.transport import compose
from notifications.channels.email.unsubscribe import url_for
from notifications.record import record_sends
from tests.support.factories import NOW, make_execution, make_task
from tests.support.run_delivery import take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task(owner):
    return make_task(owner, name="Is it <b>back</b>?", notification_email=owner.email)


@pytest.fixture
def path(task) -> str:
    return url_for(task.pk).removeprefix("http://localhost:8000")


def test_the_email_says_how_to_end_them(task, path):
    record_sends(task=task, execution=make_execution(task, notification="In stock"), now=NOW)
    [message] = take().messages

    email = compose(message)

    url = f"http://localhost:8000{path}"
    assert email.extra_headers["List-Unsubscribe"] == f"<{url}>"
    assert email.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in email.body
    assert url in str(email.alternatives[0][0])


def test_opening_the_link_changes_nothing(client, task, path):
    page = client.get(path)

    assert page.status_code == 200
    assert "Stop emails about “Is it &lt;b&gt;back&lt;/b&gt;?”?" in page.text
    task.refresh_from_db()
    assert task.notification_email == "owner@example.com"


def test_one_click_switches_that_tasks_email_off_and_says_so(client, owner, task, path):
    other = make_task(owner, notification_email=owner.email)

    page = client.post(path, {"List-Unsubscribe": "One-Click"})

    assert page.status_code == 200
    assert "No more emails about “Is it &lt;b&gt;back&lt;/b&gt;?”<" in page.text
    task.refresh_from_db()
    other.refresh_from_db()
    assert (task.notification_email, task.is_muted) == (None, True)
    assert other.notification_email == "owner@example.com"


def test_the_button_needs_no_session(task, path):
    assert re.fullmatch(r"/unsubscribe/[0-9a-f-]{36}:[\w-]{43}", path)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_leads_nowhere(client, task, method):
    page = getattr(client, method)(f"/unsubscribe/{task.pk}:forged")

    assert page.status_code == 404
    assert "This link does not work" in page.text
    task.refresh_from_db()
    assert task.notification_email == "owner@example.com"


def test_a_link_of_a_task_that_is_gone_leads_nowhere(client, task, path):
    task.delete()

    assert client.post(path).status_code == 404


def test_a_link_signed_with_a_former_key_still_works(client, task, path, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert client.post(path).status_code == 200
    task.refresh_from_db()
    assert task.notification_email is None


def test_a_link_signed_with_a_key_that_is_gone_is_not_found(client, path, settings):
    settings.SECRET_KEY = "a new one"

    assert client.post(path).status_code == 404
