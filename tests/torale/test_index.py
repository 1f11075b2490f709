"""What programs find at the address of the API."""

import pytest

from torale.api.index import PARTS


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_the_index_names_the_parts_of_the_api_without_a_key(anonymous_client, path):
    index = anonymous_client.get(path)

    assert (index.status_code, index.headers["Content-Type"]) == (200, "application/json")
    assert index.json() == index.json() | {
        "tasks": "http://testserver/api/v1/tasks",
        "notification_sends": "http://testserver/api/v1/notifications/sends",
        "docs": "http://testserver/docs",
    }
    assert index.json().keys() == PARTS.keys()


def test_every_link_of_the_index_answers_with_a_key(owner_client):
    for name, address in owner_client.get("/api/v1/").json().items():
        assert owner_client.get(address).status_code == 200, name


def test_a_browser_gets_the_index_as_a_page(operator_client):
    page = operator_client.get("/api/v1/", headers={"Accept": "text/html"})

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'href="http://testserver/api/v1/tasks"' in page.text


def test_the_index_cannot_be_written_to(owner_client):
    answer = owner_client.post("/api/v1/")

    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "POST" not allowed.'})
