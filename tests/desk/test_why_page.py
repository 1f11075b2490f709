"""The page /admin/why/, for staff."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from desk.links import SHOWN_BY_WHY
from tests.support.factories import make_execution, make_send, make_task, staff_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

URL = "/admin/why/"
#: An id that nothing has.
NOBODYS = "019ca5f2-3b10-7c52-8a4e-0c2f6f6f1d11"


@pytest.fixture
def send(owner):
    task = make_task(owner, name="Boots & <b>more</b>")
    execution = make_execution(task, notification="Met.")
    return make_send(owner, task=task, execution=execution, status="failed")


def test_it_is_found_by_its_name(send):
    assert reverse("admin-why") == URL
    assert reverse("admin-why", args=[send.pk]) == f"{URL}{send.pk}/"


def test_the_page_asks_for_an_id_and_leads_to_its_explanation(operator_client, send):
    asked = operator_client.get(URL)
    assert asked.status_code == 200
    assert '<label for="why-id"' in asked.text

    response = operator_client.get(URL, {"id": f" {send.pk} "})

    assert (response.status_code, response["Location"]) == (302, f"{URL}{send.pk}/")


@pytest.mark.parametrize("name", ["pk", "execution_id", "task_id"])
def test_the_page_shows_the_verdict_and_leads_to_what_it_is_about(operator_client, send, name):
    page = operator_client.get(f"{URL}{getattr(send, name)}/").text

    assert "was given up: The receiver answered 500." in page
    assert '<time datetime="2026-03-04T09:00:10+00:00"' in page
    for url in (
        reverse("admin:notifications_notificationsend_change", args=[send.pk]),
        reverse("admin:executions_execution_change", args=[send.execution_id]),
        reverse("admin:tasks_task_change", args=[send.task_id]),
    ):
        assert f'href="{url}"' in page
    assert "<b>more</b>" not in page


def test_nothing_leads_to_what_is_deleted(operator_client, owner):
    send = make_send(owner, task_name="Boots")

    page = operator_client.get(f"{URL}{send.task_id}/").text

    assert "The task is no longer kept" in page
    assert str(send.pk) in page
    assert f"/{send.execution_id}/" not in page
    assert f"/admin/tasks/task/{send.task_id}/" not in page


@pytest.mark.parametrize(
    ("words", "message"),
    [("boots", "is not an id"), (NOBODYS, "No task, execution or send has the id")],
)
def test_a_wrong_id_is_404_and_says_what_is_wrong(operator_client, words, message):
    response = operator_client.get(URL, {"id": words}, follow=True)

    assert response.status_code == 404
    assert message in response.text
    assert f'value="{words}"' in response.text


def test_who_is_not_staff_logs_in_first(client, owner, send):
    client.force_login(owner)

    response = client.get(f"{URL}{send.pk}/")

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("missing", SHOWN_BY_WHY)
def test_staff_who_may_not_view_all_that_it_shows_may_not_read_it(client, send, missing):
    staff = User.objects.create_user("staff@example.com", is_staff=True)
    for permission in SHOWN_BY_WHY:
        app, _, codename = permission.partition(".")
        if permission != missing:
            staff.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
    client.force_login(staff)
    assert client.get(f"{URL}{send.pk}/").status_code == 403

    app, _, codename = missing.partition(".")
    staff.user_permissions.add(
        Permission.objects.get(content_type__app_label=app, codename=codename)
    )

    assert client.get(f"{URL}{send.pk}/").status_code == 200


def test_a_page_is_only_read(operator_client, send):
    assert operator_client.post(f"{URL}{send.pk}/").status_code == 405


def test_the_page_takes_few_queries(operator_client, send, django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        operator_client.get(f"{URL}{send.task_id}/")


def records_of(send) -> list[str]:
    """Return the addresses of the admin's pages of a send, its execution and its task."""
    return [
        reverse("admin:notifications_notificationsend_change", args=[send.pk]),
        reverse("admin:executions_execution_change", args=[send.execution_id]),
        reverse("admin:tasks_task_change", args=[send.task_id]),
    ]


def test_the_pages_of_records_lead_to_their_explanations(operator_client, send):
    for address, wanted in zip(
        records_of(send), [send.pk, send.execution_id, send.task_id], strict=True
    ):
        assert f'href="{URL}{wanted}/"' in operator_client.get(address).text


@pytest.mark.parametrize("missing", SHOWN_BY_WHY)
def test_who_may_not_read_it_sees_no_link_to_it(client, send, missing):
    codenames = [name.partition(".")[2] for name in SHOWN_BY_WHY if name != missing]
    client.force_login(staff_with(*codenames))

    pages = [client.get(address) for address in records_of(send)]

    assert sorted(page.status_code for page in pages) == [200, 200, 403]
    assert not [page for page in pages if URL in page.text]
