import pytest
from django.utils import timezone

from tasks.fork import fork_task
from tasks.models import Task
from tests.support.api_calls import task_json
from tests.support.factories import NOW, make_execution, make_task
from tests.support.races import at_once

DESTINATIONS = {
    "notification_email": "owner@example.com",
    "webhook_url": "https://r.example/hook",
    "webhook_method": "PUT",
    "webhook_headers": {"X-Token": "abc"},
}


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}/fork"


@pytest.fixture
def original(owner):
    """A public task of the owner's with all that a task may have."""
    task = make_task(
        owner,
        name="Is it back?",
        is_public=True,
        context={"order": 17},
        last_known_state={"pages": {}},
        view_count=5,
        subscriber_count=2,
        **DESTINATIONS,
    )
    make_execution(task, notification="**In stock**")
    return task


def test_another_users_public_task_is_copied_without_what_is_theirs(
    original, stranger, stranger_client, time_machine
):
    time_machine.move_to("2026-03-05T10:00:00Z", tick=False)

    response = stranger_client.post(url(original))

    assert response.status_code == 200
    assert response.json() == task_json(
        stranger,
        id=str(Task.objects.for_user(stranger).get().pk),
        name="Is it back? (Copy)",
        state="paused",
        is_active=False,
        next_run=None,
        forked_from_task_id=str(original.pk),
        state_changed_at="2026-03-05T10:00:00Z",
        created_at="2026-03-05T10:00:00Z",
    )


def test_no_secret_of_the_original_is_in_anothers_copy(original, stranger, stranger_client):
    stranger_client.post(url(original))

    fork = Task.objects.for_user(stranger).get()
    assert (fork.webhook_method, fork.webhook_headers) == ("POST", {})


def test_another_users_fork_adds_one_subscriber(original, stranger_client):
    stranger_client.post(url(original))

    original.refresh_from_db()
    assert (original.subscriber_count, original.updated_at) == (3, None)


def test_ones_own_task_is_copied_with_its_notifications_and_context(original, owner, owner_client):
    response = owner_client.post(url(original))

    assert response.status_code == 200
    fork = Task.objects.get(forked_from_task=original)
    assert {name: getattr(fork, name) for name in DESTINATIONS} == DESTINATIONS
    assert response.json()["context"] == {"order": 17}
    assert (fork.user, fork.is_public, fork.state) == (owner, False, "paused")
    assert fork.last_known_state is None
    original.refresh_from_db()
    assert original.subscriber_count == 2


def test_ones_own_private_task_can_be_forked(owner, owner_client):
    assert owner_client.post(url(make_task(owner))).status_code == 200


def test_a_long_name_is_cut_to_make_room(owner, owner_client):
    response = owner_client.post(url(make_task(owner, name="x" * 200)))

    assert response.json()["name"] == "x" * 193 + " (Copy)"


@pytest.mark.parametrize(
    ("name", "type_", "msg"),
    [
        ("", "string_too_short", "This field may not be blank."),
        ("x" * 201, "string_too_long", "Ensure this field has no more than 200 characters."),
    ],
    ids=["empty", "long"],
)
def test_a_bad_name_is_422_and_copies_nothing(original, stranger_client, name, type_, msg):
    response = stranger_client.post(url(original), {"name": name}, format="json")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [{"type": type_, "loc": ["body", "name"], "msg": msg, "input": name}]
    }
    assert Task.objects.get() == original


def test_a_fork_needs_no_room_among_the_active_tasks(owner, owner_client, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 1

    assert owner_client.post(url(make_task(owner))).status_code == 200


def test_a_fork_outlives_its_original(original, owner_client, stranger_client):
    fork = stranger_client.post(url(original)).json()

    owner_client.delete(f"/api/v1/tasks/{original.pk}")

    shown = stranger_client.get(f"/api/v1/tasks/{fork['id']}").json()
    assert shown["forked_from_task_id"] is None


def test_a_task_hidden_meanwhile_is_not_copied(owner, stranger):
    task = make_task(owner, is_public=True)
    Task.objects.update(is_public=False)

    with pytest.raises(Task.DoesNotExist):
        fork_task(task=task, user=stranger, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_forks_are_all_counted(owner, stranger):
    task = make_task(owner, is_public=True)

    at_once(*[lambda: fork_task(task=task, user=stranger, now=timezone.now())] * 4)

    task.refresh_from_db()
    assert task.subscriber_count == 4


def test_a_copy_of_ones_own_muted_task_is_muted_and_another_users_is_not(
    owner, owner_client, stranger_client
):
    task = make_task(owner, is_public=True, is_muted=True)

    own = owner_client.post(url(task)).json()
    anothers = stranger_client.post(url(task)).json()

    assert (own["is_muted"], anothers["is_muted"]) == (True, False)
