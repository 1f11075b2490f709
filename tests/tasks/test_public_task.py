import pytest

from tasks.models import Task
from tasks.view_counts import view_counter
from tests.support.factories import NOW, days, make_execution, make_task


@pytest.fixture(autouse=True)
def _within_the_limits_minute(time_machine):
    time_machine.move_to("2026-03-10T10:00:00Z", tick=False)


@pytest.fixture
def public_task(owner):
    return make_task(
        owner,
        is_public=True,
        notification_email="owner@example.com",
        webhook_url="https://r.example/hook?token=secret",
        webhook_headers={"X-Token": "secret"},
        context={"order": "secret"},
    )


def url(task) -> str:
    return f"/api/v1/public/tasks/id/{task.pk}"


def test_a_private_task_is_not_public_for_its_owner_either(owner, owner_client):
    response = owner_client.get(url(make_task(owner)))

    assert (response.status_code, response.content) == (404, b'{"detail":"Not found"}')


def test_a_malformed_id_is_422(anonymous_client):
    response = anonymous_client.get("/api/v1/public/tasks/id/17")

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


def test_one_task_costs_three_queries(public_task, anonymous_client, django_assert_num_queries):
    make_execution(public_task)

    with django_assert_num_queries(3):  # the limit, the task, its last execution
        anonymous_client.get(url(public_task))


def test_the_answer_is_304_while_nothing_changed(public_task, anonymous_client):
    etag = anonymous_client.get(url(public_task)).headers["ETag"]

    response = anonymous_client.get(url(public_task), HTTP_IF_NONE_MATCH=etag)

    assert (response.status_code, response.content) == (304, b"")


def test_asking_whether_a_copy_is_good_is_no_second_view(public_task, anonymous_client):
    etag = anonymous_client.get(url(public_task)).headers["ETag"]
    anonymous_client.get(url(public_task), HTTP_IF_NONE_MATCH=etag)

    assert view_counter.take() == {public_task.pk: 1}


CHANGES = {
    "its name": lambda task: Task.objects.filter(pk=task.pk).update(name="other"),
    "its views": lambda task: Task.objects.filter(pk=task.pk).update(view_count=1),
    "its state": lambda task: Task.objects.filter(pk=task.pk).update(
        state="paused", next_run_at=None
    ),
    "a new execution": lambda task: make_execution(task, created_at=NOW + days(1)),
    "what its execution says": lambda task: task.executions.update(notification="told"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_version_changes_with(public_task, anonymous_client, change):
    make_execution(public_task)
    before = anonymous_client.get(url(public_task))
    change(public_task)

    after = anonymous_client.get(url(public_task), HTTP_IF_NONE_MATCH=before.headers["ETag"])

    assert after.status_code == 200
    assert after.json() != before.json()
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_version_that_is_not_the_present_one_is_412(public_task, anonymous_client):
    response = anonymous_client.get(url(public_task), HTTP_IF_MATCH='"other"')

    assert response.status_code == 412
    assert response.json() == {"detail": "There is another version of this now."}


def test_a_refusal_of_a_version_has_the_headers_of_an_error(public_task, anonymous_client):
    wanted = anonymous_client.get(url(public_task), HTTP_IF_MATCH='"other"').headers
    missing = anonymous_client.get(url(make_task(public_task.user))).headers

    assert set(wanted) == set(missing)
    assert (wanted["Content-Type"], wanted["Vary"]) == (missing["Content-Type"], missing["Vary"])


def test_the_head_of_an_answer_has_its_version(public_task, anonymous_client):
    etag = anonymous_client.get(url(public_task)).headers["ETag"]

    assert anonymous_client.head(url(public_task)).headers["ETag"] == etag
    assert anonymous_client.head(url(public_task), HTTP_IF_NONE_MATCH=etag).status_code == 304


def test_what_may_be_asked_for_does_not_depend_on_a_version(public_task, anonymous_client):
    response = anonymous_client.options(url(public_task), HTTP_IF_NONE_MATCH="*")

    assert response.status_code == 200
    assert "ETag" not in response.headers


def test_a_strict_request_is_told_so_when_it_has_the_present_version(public_task, anonymous_client):
    etag = anonymous_client.get(url(public_task)).headers["ETag"]
    response = anonymous_client.get(
        url(public_task), HTTP_IF_NONE_MATCH=etag, HTTP_PREFER="handling=strict"
    )

    assert response.status_code == 304
    assert response.headers["Preference-Applied"] == "handling=strict"


def test_a_browsers_page_is_another_version_than_the_json(public_task, anonymous_client):
    json = anonymous_client.get(url(public_task))
    page = anonymous_client.get(url(public_task), HTTP_ACCEPT="text/html")

    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["ETag"] != json.headers["ETag"]
