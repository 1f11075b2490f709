import pytest

from tests.support.factories import make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}/visibility"


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


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_it_is_only_patched(owner, owner_client, method):
    response = getattr(owner_client, method)(url(make_task(owner)))

    assert response.status_code == 405
