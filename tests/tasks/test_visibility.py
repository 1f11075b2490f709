import pytest

from tests.support.factories import make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}/visibility"


@pytest.mark.parametrize("is_public", [True, False])
def test_a_task_is_made_public_and_private_again(owner, owner_client, is_public, time_machine):
    time_machine.move_to("2026-03-05T10:00:00Z", tick=False)
    task = make_task(owner, is_public=not is_public)

    response = owner_client.patch(url(task), {"is_public": is_public}, format="json")

    assert response.status_code == 200
    assert response.json() == {
        "id": str(task.pk),
        "user_id": str(owner.pk),
        "name": "New Monitor",
        "search_query": "Is it there? https://shop.example/",
        "condition_description": 'contains "In stock"',
        "state": "active",
        "next_run": "2026-03-04T09:00:10Z",
        "is_public": is_public,
        "view_count": 0,
        "subscriber_count": 0,
        "forked_from_task_id": None,
        "last_known_state": None,
        "last_execution_id": None,
        "last_execution": None,
        "notifications": [],
        "notification_email": None,
        "webhook_url": None,
        "is_muted": False,
        "state_changed_at": "2026-03-04T09:00:10Z",
        "created_at": "2026-03-04T09:00:10Z",
        "updated_at": "2026-03-05T10:00:00Z",
        "immediate_execution_error": None,
        "context": None,
        "schedule": "auto",
        "config": {},
        "is_active": True,
    }


def test_unknown_members_are_accepted(owner, owner_client):
    body = {"is_public": True, "reason": None, "colour": "red"}

    response = owner_client.patch(url(make_task(owner)), body, format="json")

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param({}, {"type": "missing", "msg": "Field required", "input": {}}, id="missing"),
        pytest.param(
            {"is_public": None},
            {"type": "missing", "msg": "Field required", "input": None},
            id="null",
        ),
        pytest.param(
            {"is_public": "perhaps"},
            {"type": "value_error", "msg": "Must be a valid boolean.", "input": "perhaps"},
            id="neither",
        ),
    ],
)
def test_a_bad_body_is_422_and_changes_nothing(owner, owner_client, body, fault):
    task = make_task(owner)

    response = owner_client.patch(url(task), body, format="json")

    assert response.status_code == 422
    assert response.json() == {"detail": [{**fault, "loc": ["body", "is_public"]}]}
    task.refresh_from_db()
    assert not task.is_public


@pytest.mark.parametrize("is_public", [True, False], ids=["public", "private"])
def test_another_users_task_is_not_found_and_stays(owner, stranger_client, is_public):
    task = make_task(owner, is_public=is_public)

    response = stranger_client.patch(url(task), {"is_public": not is_public}, format="json")

    assert (response.status_code, response.json()) == (404, {"detail": "Not found"})
    task.refresh_from_db()
    assert task.is_public is is_public


def test_no_key_is_401(owner, anonymous_client):
    task = make_task(owner, is_public=True)

    response = anonymous_client.patch(url(task), {"is_public": False}, format="json")

    assert response.status_code == 401
    assert response.json() == {"detail": "Authorization header missing"}


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_it_is_only_patched(owner, owner_client, method):
    response = getattr(owner_client, method)(url(make_task(owner)))

    assert response.status_code == 405
