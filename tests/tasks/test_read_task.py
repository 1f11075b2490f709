from uuid import uuid4

import pytest

from tests.support.factories import make_task

SECRETS: dict[str, object] = {
    "notifications": [],
    "notification_email": None,
    "webhook_url": None,
    "is_muted": False,
    "context": None,
}


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}"


@pytest.fixture
def public_task(owner):
    return make_task(
        owner,
        is_public=True,
        notification_email="owner@example.com",
        webhook_url="https://r.example/hook?token=secret",
        context={"order": 17},
    )


def test_the_owner_sees_all_of_it(owner, owner_client, public_task):
    shown = owner_client.get(url(public_task)).json()

    assert shown["user_id"] == str(owner.pk)
    assert shown["webhook_url"] == "https://r.example/hook?token=secret"
    assert shown["context"] == {"order": 17}


@pytest.mark.parametrize("who", ["stranger_client", "anonymous_client"])
def test_a_public_task_is_shown_to_others_without_its_secrets(request, public_task, who):
    response = request.getfixturevalue(who).get(url(public_task))

    assert response.status_code == 200
    assert {name: response.json()[name] for name in SECRETS} == SECRETS
    assert b"secret" not in response.content
    assert b"owner@example.com" not in response.content


def test_a_private_task_is_answered_like_one_that_is_not_there(owner, stranger_client):
    private = stranger_client.get(url(make_task(owner)))
    missing = stranger_client.get(f"/api/v1/tasks/{uuid4()}")

    assert (private.status_code, private.content) == (404, b'{"detail":"Not found"}')
    assert (missing.status_code, missing.content) == (404, b'{"detail":"Not found"}')


def test_a_malformed_id_is_422(owner_client):
    response = owner_client.get("/api/v1/tasks/17")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["path", "task_id"],
                "msg": "'17' is not a UUID.",
                "input": "17",
            }
        ]
    }


def test_one_task_costs_three_queries(owner, owner_client, django_assert_num_queries):
    task = make_task(owner)
    owner_client.get(url(task))

    with django_assert_num_queries(3):  # the key, whether it may be read, the task as shown
        owner_client.get(url(task))
