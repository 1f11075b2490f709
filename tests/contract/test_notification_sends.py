"""The section "Notification sends": the list."""

import base64
from uuid import UUID, uuid4

import pytest

from notifications.models import Attempt
from tests.support.api_calls import SENDS, TASKS, email, new_task, tell, webhook
from tests.support.factories import NOW, days, make_execution, make_send, make_task
from tests.support.older_schema import migrated_back
from tests.support.urls_with_email_provider import SETTINGS


def ids(response) -> list[str]:
    assert response.status_code == 200, response.text
    return [send["id"] for send in response.json()["sends"]]


def pages(client, **query) -> list[str]:
    """The ids of all pages joined, found by their number."""
    found: list[str] = []
    while page := ids(client.get(SENDS, {**query, "offset": len(found)})):
        found += page
    return found


def test_the_list_is_sends_and_a_total(owner, owner_client):
    """`GET /api/v1/notifications/sends` → `{"sends": [Send, …], "total": N}`;"""
    make_send(owner)

    empty = owner_client.get(SENDS, {"offset": 1})
    full = owner_client.get(SENDS)

    assert empty.json() == {"sends": [], "total": 1}
    assert full.json().keys() == {"sends", "total"}


def test_newest_first(owner, owner_client):
    """newest first"""
    made = [make_send(owner, created_at=NOW + days(day)) for day in (1, 3, 2)]

    response = owner_client.get(SENDS)

    assert ids(response) == [str(made[index].pk) for index in (1, 2, 0)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_neither_repeat_nor_skip_a_row(owner, owner_client, limit):
    """ties broken by id,
    so that pages neither repeat nor skip a row."""
    made = [make_send(owner, pk=UUID(int=number)) for number in (3, 7, 1, 5, 2, 6, 4)]

    joined = pages(owner_client, limit=limit)

    assert joined == sorted((str(send.pk) for send in made), reverse=True)


def test_total_counts_the_filtered_set(owner, stranger, owner_client):
    """`total` counts the filtered set, exactly."""
    for status in ("sent", "sent", "sent", "failed"):
        make_send(owner, status=status)
    make_send(stranger)

    totals = [
        owner_client.get(SENDS, query).json()["total"]
        for query in ({}, {"limit": 1}, {"status": "sent", "limit": 1}, {"offset": 99})
    ]

    assert totals == [4, 4, 3, 4]


@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_filtered_by_type(owner, owner_client, kind):
    """Query: `notification_type` (`email`|`webhook`)"""
    made = {
        "email": make_send(owner, notification_type="email", recipient="a@example.com"),
        "webhook": make_send(owner),
    }

    assert ids(owner_client.get(SENDS, {"notification_type": kind})) == [str(made[kind].pk)]


@pytest.mark.parametrize("form", [str, lambda id_: str(id_).upper()])
def test_filtered_by_task(owner, owner_client, form):
    """`task_id` (UUID)"""
    task = make_task(owner)
    wanted = make_send(owner, task=task)
    make_send(owner)

    assert ids(owner_client.get(SENDS, {"task_id": form(task.pk)})) == [str(wanted.pk)]


@pytest.mark.parametrize(("limit", "shown"), [(None, 50), (1, 1), (500, 51)])
def test_limit(owner, owner_client, limit, shown):
    """`limit` (1..500, default 50)"""
    for _ in range(51):
        make_send(owner)

    response = owner_client.get(SENDS, {"limit": limit} if limit else {})

    assert len(ids(response)) == shown


def test_offset(owner, owner_client):
    """`offset` (≥0, default 0)"""
    oldest, newest = (make_send(owner, created_at=NOW + days(day)) for day in (0, 1))

    by_default, at_0, at_1 = (
        owner_client.get(SENDS, q) for q in ({}, {"offset": 0}, {"offset": 1})
    )

    assert ids(by_default) == ids(at_0) == [str(newest.pk), str(oldest.pk)]
    assert ids(at_1) == [str(oldest.pk)]


STATUSES = [
    "queued", "retrying", "sent", "failed", "skipped", "delivered", "bounced", "complained"
]  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
def test_filtered_by_status(owner, owner_client, status):
    """Also `status`"""
    made = {other: make_send(owner, status=other) for other in STATUSES}

    assert ids(owner_client.get(SENDS, {"status": status})) == [str(made[status].pk)]


def test_filtered_by_event_type(owner, owner_client):
    """`event_type`, `recipient` (exact)"""
    send = make_send(owner)

    response = owner_client.get(SENDS, {"event_type": "task.condition_met"})

    assert ids(response) == [str(send.pk)]


def test_filtered_by_execution(owner, owner_client):
    """`execution_id`"""
    task = make_task(owner)
    wanted, other = (make_execution(task), make_execution(task))
    send = make_send(owner, task=task, execution=wanted)
    make_send(owner, task=task, execution=other)

    assert ids(owner_client.get(SENDS, {"execution_id": wanted.pk})) == [str(send.pk)]


@pytest.mark.parametrize(
    ("recipient", "count"),
    [("https://r.example/hook", 1), ("https://r.example/hoo", 0), ("https://R.example/hook", 0)],
)
def test_filtered_by_the_exact_recipient(owner, owner_client, recipient, count):
    """`recipient` (exact)"""
    make_send(owner, recipient="https://r.example/hook")
    make_send(owner, recipient="https://r.example/hook2")

    assert owner_client.get(SENDS, {"recipient": recipient}).json()["total"] == count


def test_filtered_by_time(owner, owner_client):
    """`created_after` (inclusive), `created_before` (exclusive)"""
    first, second, third = (make_send(owner, created_at=NOW + days(day)) for day in range(3))
    at_second = second.created_at.isoformat().replace("+00:00", "Z")

    after = owner_client.get(SENDS, {"created_after": at_second})
    before = owner_client.get(SENDS, {"created_before": at_second})

    assert ids(after) == [str(third.pk), str(second.pk)]
    assert ids(before) == [str(first.pk)]


def test_filters_hold_together(owner, owner_client):
    """`total` counts the filtered set, exactly."""
    task = make_task(owner)
    wanted = make_send(owner, task=task, status="failed")
    make_send(owner, task=task)
    make_send(owner, status="failed")

    response = owner_client.get(SENDS, {"task_id": task.pk, "status": "failed"})

    assert (ids(response), response.json()["total"]) == ([str(wanted.pk)], 1)


@pytest.mark.parametrize("is_public", [True, False], ids=["public", "private"])
def test_a_task_that_is_not_the_callers_gives_an_empty_list(owner, stranger_client, is_public):
    """A task that is not the caller's gives an empty list, not an error."""
    task = make_task(owner, is_public=is_public)
    make_send(owner, task=task)

    foreign = stranger_client.get(SENDS, {"task_id": task.pk})
    missing = stranger_client.get(SENDS, {"task_id": uuid4()})

    assert foreign.status_code == missing.status_code == 200
    assert foreign.content == missing.content == b'{"sends":[],"total":0}'


def test_link_names_the_pages_kin(owner, owner_client):
    """Response headers: `Link` with rel next/prev/first/last (RFC 8288)."""
    for _ in range(7):
        make_send(owner)
    url = f"http://testserver{SENDS}?limit=2"

    links = owner_client.get(SENDS, {"limit": 2, "offset": 2}).headers["Link"]

    assert set(links.split(", ")) == {
        f'<{url}&offset=4>; rel="next"',
        f'<{url}>; rel="prev"',
        f'<{url}>; rel="first"',
        f'<{url}&offset=6>; rel="last"',
    }


def test_links_lead_through_all_of_the_list(owner, owner_client):
    """`Link` with rel next/prev/first/last (RFC 8288)."""
    made = [str(make_send(owner).pk) for _ in range(5)]

    found, response = [], owner_client.get(SENDS, {"limit": 2, "status": "sent"})
    found += ids(response)
    while 'rel="next"' in (links := response.headers["Link"]):
        target = next(part for part in links.split(", ") if 'rel="next"' in part)
        response = owner_client.get(target[target.index("<") + 1 : target.index(">")])
        found += ids(response)

    assert found == made[::-1]


def test_a_send_has_exactly_these_members(owner, owner_client):
    """Send: exactly `id, user_id, task_id, execution_id, recipient, notification_type, status,
    error_message, created_at` in the list."""
    task = new_task(owner_client, **webhook("https://r.example/"))
    execution_id = tell(owner_client, task)

    [send] = owner_client.get(SENDS).json()["sends"]

    assert [*send] == [
        "id",
        "user_id",
        "task_id",
        "execution_id",
        "recipient",
        "notification_type",
        "status",
        "error_message",
        "created_at",
    ]
    assert send == {
        "id": send["id"],
        "user_id": str(owner.pk),
        "task_id": task["id"],
        "execution_id": execution_id,
        "recipient": "https://r.example/",
        "notification_type": "webhook",
        "status": "queued",
        "error_message": None,
        "created_at": send["created_at"],
    }


def test_the_recipient_is_an_address_or_a_url(owner_client):
    """`recipient` is the email address, or the webhook's URL."""
    tell(owner_client, new_task(owner_client, **email("owner@example.com")))
    tell(owner_client, new_task(owner_client, **webhook("https://r.example/hook?a=b")))

    sends = owner_client.get(SENDS).json()["sends"]

    assert {(send["notification_type"], send["recipient"]) for send in sends} == {
        ("email", "owner@example.com"),
        ("webhook", "https://r.example/hook?a=b"),
    }


def test_a_record_outlives_its_task(owner_client):
    """None of `id, user_id, task_id, execution_id` is ever null: a record outlives its task, keeps
    naming it after it was
    deleted, and is found by `task_id` as before."""
    task = new_task(owner_client, **webhook("https://r.example/"))
    tell(owner_client, task)
    before = owner_client.get(SENDS).json()

    deleted = owner_client.delete(f"{TASKS}/{task['id']}")

    assert deleted.status_code == 204
    assert None not in (before["sends"][0]["task_id"], before["sends"][0]["execution_id"])
    assert owner_client.get(SENDS, {"task_id": task["id"]}).json() == before


@pytest.mark.django_db(transaction=True)
def test_ids_that_an_older_version_had_lost(owner, owner_client):
    """Where a version that did not keep the ids had lost them for good,
    `task_id` is `00000000-0000-0000-0000-000000000000` and `execution_id` the send's own id."""
    with migrated_back("notifications", "0001_initial") as old:
        lost = old.get_model("notifications", "NotificationSend").objects.create(
            user_id=owner.pk, recipient=owner.email, notification_type="email", status="sent"
        )

    [send] = owner_client.get(SENDS).json()["sends"]

    assert send["task_id"] == "00000000-0000-0000-0000-000000000000"
    assert send["execution_id"] == send["id"] == str(lost.pk)


def test_queued_is_recorded_and_not_yet_attempted(owner_client):
    """`status`: `queued` (recorded, not yet attempted)"""
    tell(owner_client, new_task(owner_client, **webhook("https://r.example/")))

    [send] = owner_client.get(SENDS).json()["sends"]

    detail = owner_client.get(f"{SENDS}/{send['id']}").json()
    assert (send["status"], detail["attempts"]) == ("queued", [])


def test_skipped_is_not_attempted_on_purpose(owner_client, settings):
    """`skipped` (not attempted on purpose, e.g. a rate limit …`error_message`
    says why)."""
    settings.TORALE_SENDS_PER_DAY = 1
    for _ in range(2):
        tell(owner_client, new_task(owner_client, **webhook("https://r.example/")))

    skipped, _ = owner_client.get(SENDS).json()["sends"]

    assert (skipped["status"], skipped["error_message"]) == (
        "skipped",
        "You have had 1 notifications today (UTC), the most a user gets in a day.",
    )


@pytest.mark.urls("tests.support.urls_with_email_provider")
@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({"RecordType": "Delivery", "Recipient": "owner@example.com"}, "delivered"),
        ({"RecordType": "Bounce", "Type": "HardBounce", "Description": "None."}, "bounced"),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, "complained"),
    ],
)
def test_a_provider_reports_back(owner, owner_client, client, settings, report, status):
    """For email with a provider that reports back also `delivered`, `bounced`, `complained`."""
    settings.ANYMAIL = SETTINGS
    login = f"Basic {base64.b64encode(b'user:password').decode()}"
    send = make_send(owner, notification_type="email", recipient="owner@example.com")
    Attempt.objects.create(
        send=send, number=1, started_at=NOW, duration_ms=5, status="succeeded",
        provider_message_id="0000-1",
    )  # fmt: skip
    body = {"MessageID": "0000-1", "Email": "owner@example.com", **report}

    client.post(
        "/anymail/postmark/tracking/",
        body,
        content_type="application/json",
        headers={"Authorization": login},
    )

    assert owner_client.get(SENDS).json()["sends"][0]["status"] == status


def test_one_send_is_one_notification_to_one_recipient(owner_client):
    """One send is one notification to one recipient;"""
    both = (
        email("owner@example.com")["notifications"]
        + (webhook("https://r.example/")["notifications"])
    )
    execution_id = tell(owner_client, new_task(owner_client, notifications=both))

    sends = owner_client.get(SENDS).json()["sends"]

    assert sorted(send["recipient"] for send in sends) == [
        "https://r.example/",
        "owner@example.com",
    ]
    assert {send["execution_id"] for send in sends} == {execution_id}
