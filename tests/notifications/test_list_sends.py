from uuid import UUID, uuid4

import pytest

from tests.support.factories import NOW, days, make_execution, make_send, make_task

URL = "/api/v1/notifications/sends"


def ids(response) -> list[str]:
    return [send["id"] for send in response.json()["sends"]]


def test_a_send_is_shown_with_exactly_these_fields(owner, owner_client):
    task = make_task(owner)
    execution = make_execution(task)
    send = make_send(
        owner,
        task=task,
        execution=execution,
        notification_type="email",
        recipient="owner@example.com",
    )

    response = owner_client.get(URL)

    assert response.status_code == 200
    assert response.json() == {
        "sends": [
            {
                "id": str(send.pk),
                "user_id": str(owner.pk),
                "task_id": str(task.pk),
                "execution_id": str(execution.pk),
                "recipient": "owner@example.com",
                "notification_type": "email",
                "status": "sent",
                "error_message": None,
                "created_at": "2026-03-04T09:00:10Z",
            }
        ],
        "total": 1,
    }


def test_a_failed_send_says_why(owner, owner_client):
    make_send(owner, status="failed", error_message="The receiver answered 404 Not Found.")

    [send] = owner_client.get(URL).json()["sends"]

    assert send["error_message"] == "The receiver answered 404 Not Found."


def test_nobody_elses_sends_are_shown_or_counted(owner, stranger_client):
    task = make_task(owner, is_public=True)
    make_send(owner, task=task)

    everything = stranger_client.get(URL)
    of_the_task = stranger_client.get(URL, {"task_id": str(task.pk)})

    assert everything.json() == of_the_task.json() == {"sends": [], "total": 0}


def test_sends_come_newest_first_and_ties_are_broken_by_id(owner, owner_client):
    low, high = UUID(int=1), UUID(int=2)
    for pk in (high, low):
        make_send(owner, pk=pk)
    newest = make_send(owner, created_at=NOW + days(1))

    assert ids(owner_client.get(URL)) == [str(newest.pk), str(high), str(low)]


@pytest.mark.parametrize(
    "matching",
    [
        {"notification_type": "email", "recipient": "owner@example.com"},
        {"status": "retrying"},
        {"recipient": "https://other.example/hook"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_filter_keeps_what_matches_and_counts_it(owner, owner_client, matching):
    make_send(owner)
    wanted = make_send(owner, **matching)
    name, value = next(iter(matching.items()))

    response = owner_client.get(URL, {name: value})

    assert ids(response) == [str(wanted.pk)]
    assert response.json()["total"] == 1


def test_task_and_execution_filter(owner, owner_client):
    task = make_task(owner)
    execution = make_execution(task)
    wanted = make_send(owner, task=task, execution=execution)
    make_send(owner, task=make_task(owner))

    assert ids(owner_client.get(URL, {"task_id": task.pk})) == [str(wanted.pk)]
    assert ids(owner_client.get(URL, {"execution_id": execution.pk})) == [str(wanted.pk)]
    assert ids(owner_client.get(URL, {"task_id": uuid4()})) == []


def test_created_after_is_inclusive_and_created_before_exclusive(owner, owner_client):
    first, second, _ = (make_send(owner, created_at=NOW + days(day)) for day in range(3))

    response = owner_client.get(
        URL, {"created_after": "2026-03-04T09:00:10Z", "created_before": "2026-03-06T09:00:10Z"}
    )

    assert ids(response) == [str(second.pk), str(first.pk)]


def test_unknown_parameters_are_ignored(owner, owner_client):
    make_send(owner)

    assert owner_client.get(URL, {"colour": "red"}).json()["total"] == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("notification_type", "sms"),
        ("status", "gone"),
        ("task_id", "660e8400"),
        ("execution_id", "x"),
        ("created_after", "yesterday"),
        ("created_before", "2026-02-30"),
        ("recipient", "a\0b"),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "ten"),
        ("offset", "-1"),
        ("offset", "99999999999999999999"),
    ],
)
def test_a_known_parameter_with_a_bad_value_is_422(owner_client, name, value):
    response = owner_client.get(URL, {name: value})

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["query", name], value)
    assert fault["msg"]


def test_every_bad_parameter_is_named_at_once(owner_client):
    response = owner_client.get(URL, {"status": "gone", "task_id": "x"})

    assert [fault["loc"][1] for fault in response.json()["detail"]] == ["task_id", "status"]


def test_a_page_has_50_sends_unless_asked_otherwise(owner, owner_client):
    for _ in range(51):
        make_send(owner)

    response = owner_client.get(URL)

    assert len(ids(response)) == 50
    assert response.json()["total"] == 51


def test_pages_join_to_the_whole_and_link_to_each_other(owner, owner_client):
    sends = [make_send(owner) for _ in range(7)]
    base = f"http://testserver{URL}"

    pages = [owner_client.get(URL, {"limit": 3, "offset": offset}) for offset in (0, 3, 6)]

    joined = [id_ for page in pages for id_ in ids(page)]
    assert joined == [str(send.pk) for send in reversed(sends)]
    assert pages[0].headers["Link"] == (
        f'<{base}?limit=3>; rel="first", '
        f'<{base}?limit=3&offset=3>; rel="next", '
        f'<{base}?limit=3&offset=6>; rel="last"'
    )
    assert pages[1].headers["Link"] == (
        f'<{base}?limit=3>; rel="first", '
        f'<{base}?limit=3>; rel="prev", '
        f'<{base}?limit=3&offset=6>; rel="next", '
        f'<{base}?limit=3&offset=6>; rel="last"'
    )


def test_links_keep_the_filters(owner, owner_client):
    for _ in range(2):
        make_send(owner)

    response = owner_client.get(URL, {"notification_type": "webhook", "limit": 1})

    assert (
        f'<http://testserver{URL}?limit=1&notification_type=webhook&offset=1>; rel="next"'
        in response.headers["Link"]
    )


def test_an_offset_past_the_end_is_an_empty_page(owner, owner_client):
    make_send(owner)

    assert owner_client.get(URL, {"offset": 10}).json() == {"sends": [], "total": 1}


@pytest.mark.parametrize("rows", [1, 50])
def test_a_page_costs_at_most_four_queries(owner, owner_client, rows, django_assert_num_queries):
    task = make_task(owner)
    for _ in range(rows):
        make_send(owner, task=task)
    owner_client.get(URL)

    with django_assert_num_queries(3):  # the key, the total, the page
        assert owner_client.get(URL).json()["total"] == rows


def test_a_trailing_slash_makes_no_difference(owner, owner_client):
    make_send(owner)

    assert owner_client.get(f"{URL}/").json() == owner_client.get(URL).json()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_list_can_only_be_read(owner_client, method):
    response = getattr(owner_client, method)(URL)

    assert response.status_code == 405
    assert response.json() == {"detail": f'Method "{method.upper()}" not allowed.'}


def test_no_key_is_401(anonymous_client):
    response = anonymous_client.get(URL)

    assert response.status_code == 401
    assert response.json() == {"detail": "Authorization header missing"}
