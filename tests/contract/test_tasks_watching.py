"""The section "Tasks": when a task's pages are visited, and with which headers."""

import pytest
from django.db import IntegrityError

from executions.monitors import Answer
from tasks.models import Task
from tasks.run import settle, start
from tests.support import asking
from tests.support.api_calls import AT_NOW, QUESTION, TASKS, new_task, tell
from tests.support.factories import (
    NOW,
    make_pending_execution,
    make_task,
    make_undecryptable,
    stored_value,
)
from tests.support.receivers import HTTPAnswer, HTTPReceiver
from tests.support.run_visits import claimed, take
from tests.support.watched_pages import html

pytestmark = pytest.mark.usefixtures("at_now")


def url(task) -> str:
    return f"{TASKS}/{task['id']}"


def test_a_task_without_a_schedule_has_auto(owner_client):
    """`schedule` is `auto` (the default: the monitor's answer decides, after 15 minutes unless a
    setting says otherwise), … `timezone` (IANA name, default `UTC`)."""
    task = new_task(owner_client)
    tell(owner_client, task)

    shown = owner_client.get(url(task)).json()

    assert (shown["schedule"], shown["timezone"]) == ("auto", "UTC")
    # This answer leaves it to the scheduler: a day.
    assert shown["next_run"] == "2026-03-05T09:00:10Z"


@pytest.mark.parametrize(
    ("sent", "next_run"),
    [
        ({"schedule": "every 30 minutes"}, "2026-03-04T09:30:10Z"),
        ({"schedule": "every 2 days"}, "2026-03-06T09:00:10Z"),
        ({"schedule": "0 9 * * *"}, "2026-03-05T09:00:00Z"),
        ({"schedule": "0 9 * * *", "timezone": "America/New_York"}, "2026-03-04T14:00:00Z"),
    ],
)
def test_a_task_is_visited_on_its_schedule(owner_client, sent, next_run):
    """`every <n> minutes|hours|days`, or five cron fields, read in `timezone`"""
    task = new_task(owner_client, **sent)
    tell(owner_client, task)

    shown = owner_client.get(url(task)).json()

    assert {name: shown[name] for name in sent} == sent
    assert (task["next_run"], shown["next_run"]) == (AT_NOW, next_run)


@pytest.mark.parametrize(
    ("schedule", "visits"),
    [
        ("every 1 hour", ["2026-03-04T09:54:10Z", "2026-03-04T10:06:10Z"]),
        ("0 10 * * *", ["2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z"]),
    ],
)
def test_only_intervals_vary(owner_client, schedule, visits):
    """Intervals vary by
    up to 10 %; a time that cron fields name is kept."""
    task = new_task(owner_client, schedule=schedule)
    answer = Answer(
        condition_met=False, notification=None, evidence="Seen.", confidence=100, state={}
    )

    found = []
    for jitter in (0, 1):
        execution = start(task=Task.objects.get(), now=NOW)
        taken = claimed(execution.pk, now=NOW)
        assert taken
        settle(taken, answer, now=NOW, jitter=jitter)
        found.append(owner_client.get(url(task)).json()["next_run"])

    assert found == visits


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_new_schedule_sets_the_next_visit(owner_client, method):
    """A new `schedule` or `timezone` of an active task sets `next_run`."""
    task = new_task(owner_client)
    change = getattr(owner_client, method)

    cron = change(url(task), {"schedule": "0 12 * * *"}, format="json").json()
    moved = change(url(task), {"timezone": "Europe/Berlin"}, format="json").json()
    auto = change(url(task), {"schedule": "auto"}, format="json").json()

    assert cron["next_run"] == "2026-03-04T12:00:00Z"
    assert moved["next_run"] == "2026-03-04T11:00:00Z"
    assert auto["next_run"] == "2026-03-04T09:15:10Z"


def test_sending_back_the_same_schedule_moves_no_visit(owner_client):
    """A new `schedule` or `timezone` of an active task sets `next_run`."""
    task = new_task(owner_client, schedule="every 1 hour")

    again = owner_client.put(url(task), task, format="json").json()

    assert again["next_run"] == task["next_run"] == AT_NOW


def test_a_paused_task_gets_a_schedule_and_no_visit(owner_client):
    """A new `schedule` or `timezone` of an active task sets `next_run`."""
    task = new_task(owner_client, state="paused")

    changed = owner_client.patch(url(task), {"schedule": "every 1 hour"}, format="json").json()

    assert (changed["schedule"], changed["next_run"]) == ("every 1 hour", None)


def test_a_visit_under_way_keeps_its_own_time(owner_client):
    """While a visit is under way `next_run` is that visit's own due time."""
    task = new_task(owner_client)
    make_pending_execution(Task.objects.get())

    changed = owner_client.patch(url(task), {"schedule": "every 1 hour"}, format="json").json()

    assert changed["next_run"] == AT_NOW


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("schedule", "hourly", "Write auto, an interval such as every 30 minutes"),
        ("schedule", "0 9 * * * *", "Write auto, an interval such as every 30 minutes"),
        ("schedule", 15, "Write auto, an interval such as every 30 minutes"),
        ("schedule", "", "Write auto, an interval such as every 30 minutes"),
        ("schedule", "0 25 * * *", "These are not five cron fields: bad hour."),
        ("schedule", "every 4 minutes", "Two visits would be only 4 minutes apart"),
        ("schedule", "* * * * *", "Two visits would be only 1 minute apart"),
        ("timezone", "Berlin", "Write the IANA name of a time zone, such as Europe/Berlin"),
        ("timezone", "../etc/passwd", "Write the IANA name of a time zone"),
    ],
)
def test_another_schedule_is_422_and_says_what_to_write(owner_client, member, value, said):
    """Any other value is
    422 that says what to write, as is one that leaves less than 5 minutes (setting) between two
    visits."""
    response = owner_client.post(TASKS, {**QUESTION, member: value}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert fault["loc"] == ["body", member]
    assert fault["msg"].startswith(said)


def test_the_shortest_wait_is_a_setting(owner_client, settings):
    """less than 5 minutes (setting) between two visits"""
    settings.TORALE_MINIMUM_INTERVAL_MINUTES = 1

    assert new_task(owner_client, schedule="* * * * *")["schedule"] == "* * * * *"


PAGE = "https://shop.example/orders"
SECRET = "session=3f9a2c71"
MASKED = {"Cookie": "********"}


def watching(client, **members):
    """Create a task with request headers."""
    return new_task(
        client, **{"search_query": PAGE, "request_headers": {"Cookie": SECRET}, **members}
    )


def stored_headers(task) -> dict[str, str] | None:
    headers: dict[str, str] | None = Task.objects.get(pk=task["id"]).request_headers
    return headers


def ask_as_a_worker_does() -> None:
    [visit] = take(now=NOW).visits
    asking.ask(visit.question())


def test_they_are_sent_when_the_pages_are_visited(owner_client, http_receiver):
    """`request_headers` are sent when the pages are visited, for cookies and log-ins;"""
    http_receiver.answers = [HTTPAnswer(200, b"Bread")]
    watching(owner_client, search_query=http_receiver.url, run_immediately=True)

    ask_as_a_worker_does()

    [request] = http_receiver.requests
    assert request.headers["cookie"] == SECRET


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Coo kie": "a"}, "'Coo kie' is not a header name"),
        ({"Host": "a"}, "header Host is set by Torale; leave it out."),
        ({"content-length": "1"}, "header content-length is set by Torale; leave it out."),
        ({"Range": "bytes=0-1"}, "header Range is set by Torale; leave it out."),
        ({"Cookie": "a", "cookie": "b"}, "header cookie is given twice."),
        ({"Cookie": "s3cret\r\nX: y"}, "the value of header Cookie must be printable ASCII"),
        ({"Cookie": 17}, "the value of header Cookie must be printable ASCII"),
        (["Cookie"], "headers must be an object of at most 20 texts."),
        ({f"X-{n}": "a" for n in range(21)}, "headers must be an object of at most 20 texts."),
        (MASKED, "there is no stored value of header Cookie to keep; write the value itself."),
    ],
)
def test_names_and_values_are_checked(owner_client, headers, said):
    """names and values are checked as those
    of webhooks are (422). … No error message contains a value."""
    response = owner_client.post(TASKS, {**QUESTION, "request_headers": headers}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["body", "request_headers"], None)
    assert fault["msg"].startswith(said)
    assert "s3cret" not in response.text


def test_a_fault_of_another_member_shows_no_value_either(owner_client):
    """No error message contains a value."""
    response = owner_client.post(TASKS, {"request_headers": {"Cookie": SECRET}}, format="json")

    assert response.json()["detail"][0]["input"] == {"request_headers": None}


def test_they_are_stored_encrypted_and_shown_masked(owner_client):
    """They are stored encrypted and shown to the owner with their values masked,"""
    task = watching(owner_client)

    assert task["request_headers"] == MASKED
    assert stored_headers(task) == {"Cookie": SECRET}
    assert SECRET.encode() not in stored_value(Task.objects.get(), "request_headers")
    for path in (url(task), TASKS):
        response = owner_client.get(path)
        assert "********" in response.text
        assert SECRET not in response.text


def test_they_are_null_if_no_key_decrypts_them(owner_client):
    """and are null in an answer if the server's keys do not decrypt them."""
    task = watching(owner_client)
    make_undecryptable(Task.objects.get(), "request_headers")
    before = stored_value(Task.objects.get(), "request_headers")

    shown = owner_client.get(url(task)).json()
    again = owner_client.put(url(task), shown, format="json")
    masked = owner_client.patch(url(task), {"request_headers": MASKED}, format="json")

    assert shown["request_headers"] is None
    assert (again.status_code, masked.status_code) == (200, 422)
    assert stored_value(Task.objects.get(), "request_headers") == before


def test_a_mask_keeps_the_stored_value(owner_client):
    """Sent, they replace all that the task has; a
    value equal to its mask keeps the stored one."""
    task = watching(owner_client, request_headers={"Cookie": SECRET, "X-A": "1"})
    sent = {"cookie": "********", "Authorization": "Basic b2xpdmU="}

    changed = owner_client.patch(url(task), {"request_headers": sent}, format="json")
    again = owner_client.put(url(task), changed.json(), format="json")

    assert again.json()["request_headers"] == dict.fromkeys(sent, "********")
    assert stored_headers(task) == {"cookie": SECRET, "Authorization": "Basic b2xpdmU="}


def test_an_empty_object_removes_them(owner_client):
    """Sent, they replace all that the task has;"""
    task = watching(owner_client)

    changed = owner_client.patch(url(task), {"request_headers": {}}, format="json").json()

    assert (changed["request_headers"], stored_headers(task)) == ({}, None)


@pytest.mark.parametrize(
    "other",
    ["http://shop.example/", "https://www.shop.example/", "https://shop.example:8443/"],
)
def test_a_task_with_them_names_pages_of_one_origin(owner_client, other):
    """A task that has them names pages of one origin (scheme, host and port),
    else 422."""
    task = watching(owner_client, search_query=f"{PAGE} https://shop.example:443/account")

    response = owner_client.patch(url(task), {"search_query": f"{PAGE} {other}"}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert fault["loc"] == ["body", "request_headers"]
    assert "names pages of 2: " in fault["msg"]
    assert owner_client.get(url(task)).json() == task


def test_they_do_not_follow_a_redirect_to_another_origin(owner_client, http_receiver):
    """They go to that origin only, also after a redirect,"""
    away = HTTPReceiver()
    away.answers = [html("Log in")]
    http_receiver.answers = [
        HTTPAnswer(302, headers={"Location": "/here"}),
        HTTPAnswer(302, headers={"Location": away.url}),
    ]
    watching(owner_client, search_query=http_receiver.url, run_immediately=True)

    ask_as_a_worker_does()
    away.close()

    assert [request.headers["cookie"] for request in http_receiver.requests] == [SECRET] * 2
    assert ["cookie" in request.headers for request in away.requests] == [False]


def test_they_are_dropped_when_the_origin_changes(owner_client):
    """and are dropped when the pages' origin changes."""
    task = watching(owner_client)

    same = {"search_query": "https://SHOP.example:443/other"}
    kept = owner_client.patch(url(task), same, format="json").json()
    other = {"search_query": "https://other.example/"}
    masked = owner_client.patch(url(task), {**other, "request_headers": MASKED}, format="json")
    dropped = owner_client.patch(url(task), other, format="json").json()

    assert kept["request_headers"] == MASKED
    assert masked.status_code == 422
    assert (dropped["request_headers"], stored_headers(task)) == ({}, None)


def test_new_ones_may_come_with_the_new_origin(owner_client):
    """and are dropped when the pages' origin changes."""
    task = watching(owner_client)
    sent = {"search_query": "https://other.example/", "request_headers": {"Cookie": "b"}}

    owner_client.patch(url(task), sent, format="json")

    assert stored_headers(task) == {"Cookie": "b"}


def test_a_task_with_them_cannot_be_public(owner_client):
    """Such a
    task cannot be public: 400 both ways."""
    private, public = watching(owner_client), new_task(owner_client, is_public=True)

    answers = [
        owner_client.post(
            TASKS, {**QUESTION, "is_public": True, "request_headers": {"A": "b"}}, format="json"
        ),
        owner_client.patch(url(private), {"is_public": True}, format="json"),
        owner_client.patch(f"{url(private)}/visibility", {"is_public": True}, format="json"),
        owner_client.patch(url(public), {"request_headers": {"A": "b"}}, format="json"),
    ]

    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("A task with request_headers cannot be public")
    assert Task.objects.get(pk=private["id"]).is_public is False
    assert stored_headers(public) is None


def test_without_them_it_can(owner_client):
    """Such a
    task cannot be public: 400 both ways."""
    task = watching(owner_client)

    sent = {"request_headers": {}, "is_public": True}
    changed = owner_client.patch(url(task), sent, format="json")

    assert (changed.status_code, changed.json()["is_public"]) == (200, True)


def test_the_database_refuses_a_public_task_with_them(owner):
    """Such a
    task cannot be public"""
    with pytest.raises(IntegrityError, match="task_private_with_request_headers"):
        make_task(owner, is_public=True, request_headers={"A": "b"})


def test_a_fork_never_has_them(owner_client):
    """A fork never has them."""
    task = watching(owner_client)

    fork = owner_client.post(f"{url(task)}/fork").json()

    assert (fork["request_headers"], stored_headers(fork)) == ({}, None)


def test_strangers_are_shown_none(owner, owner_client, stranger_client):
    """shown to the owner with their values masked, to others not at
    all,"""
    task = new_task(owner_client, is_public=True)

    assert stranger_client.get(url(task)).json()["request_headers"] == {}
