"""The section "Conventions" of the contract."""

from uuid import UUID

import pytest
from django.urls import path as url_path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.test import APIClient

from tests.support.api_calls import (
    ID,
    LISTS,
    SENDS,
    TASKS,
    TIMESTAMP,
    members,
    new_task,
    tell,
    webhook,
)
from tests.support.factories import make_task
from tests.support.routes import METHODS, ROUTES
from torale.urls import handler400, handler404, handler500  # noqa: F401 - of the urlconf below
from torale.urls import urlpatterns as real_urlpatterns

MISSING = UUID(int=7)
#: For operators; no part of what the page is about.
ASIDE = {"/metrics"}


def test_the_api_is_under_its_base_path():
    """Base path `/api/v1`"""
    elsewhere = {route for route in ROUTES if not f"{route}/".startswith("/api/v1/")}

    # Each of these the page spells out.
    assert elsewhere - ASIDE == {
        "/auth/api-keys",
        "/auth/api-keys/{key_id}",
        "/auth/me",
        "/tasks/{task_id}/rss",
    }


def test_json_in_and_out_as_utf_8(owner_client):
    """JSON in and out, UTF-8."""
    body = '{"search_query": "https://shop.example/", "name": "Zurück? 🙂"}'.encode()

    response = owner_client.post(TASKS, body, content_type="application/json")

    assert response.headers["Content-Type"] == "application/json"
    assert '"name":"Zurück? 🙂"'.encode() in response.content


@pytest.mark.parametrize("route", ROUTES)
def test_every_path_answers_with_and_without_a_trailing_slash(owner_client, route):
    """Every path answers with and without a trailing slash, with no redirect"""
    path = route.format(
        **dict.fromkeys(("task_id", "key_id", "send_id", "endpoint_id", "preview_id"), MISSING),
        email="no@example.com",
    )

    for method in ("get",) if route in ASIDE else METHODS:
        without = getattr(owner_client, method)(path)
        with_slash = getattr(owner_client, method)(f"{path}/")

        assert without.status_code == with_slash.status_code
        assert without.status_code in (200, 202, 400, 403, 404, 405, 422)
        assert without.headers.keys() == with_slash.headers.keys()


@pytest.mark.parametrize("slash", ["", "/"], ids=["without", "with"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_body_is_never_lost(owner_client, slash, method):
    """(a POST must never lose its body)"""
    made = owner_client.post(
        f"{TASKS}{slash}", {"search_query": "https://shop.example/", "name": "kept"}, format="json"
    ).json()
    changed = getattr(owner_client, method)(
        f"{TASKS}/{made['id']}{slash}", {"name": "changed"}, format="json"
    ).json()

    assert (made["name"], changed["name"]) == ("kept", "changed")


@pytest.fixture
def everything(owner, owner_client) -> list[object]:
    """The JSON of all that the owner can get, with something in each list."""
    task = new_task(owner_client, is_public=True, **webhook("https://r.example/"))
    tell(owner_client, task)
    owner_client.post(f"{TASKS}/{task['id']}/fork", format="json")
    send_id = owner_client.get(SENDS).json()["sends"][0]["id"]
    ids = {
        "task_id": task["id"],
        "send_id": send_id,
        **dict.fromkeys(("key_id", "endpoint_id", "preview_id"), MISSING),
        "email": "no@example.com",
    }
    paths = [route.format(**ids) for route in ROUTES if route not in ASIDE]
    answers = [owner_client.get(path, {"username": "olive"}) for path in paths]
    return [
        answer.json()
        for answer in answers
        if answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    ]


def test_timestamps_are_iso_8601_in_utc_and_end_in_z(everything):
    """Timestamps: ISO 8601, UTC, ending in `Z`."""
    times = {
        (name, value)
        for name, value in members(everything)
        if name.endswith("_at") or name == "next_run"
        if value is not None
    }

    assert {name for name, _ in times} >= {
        "created_at",
        "started_at",
        "completed_at",
        "next_run",
        "state_changed_at",
        "last_used_at",
        "next_attempt_at",
    }
    assert [value for _, value in times if not TIMESTAMP.fullmatch(value)] == []


def test_ids_are_lowercase_hyphenated_uuids(everything):
    """Ids: lowercase hyphenated UUIDs."""
    ids = {
        (name, value)
        for name, value in members(everything)
        if name == "id" or name.endswith("_id")
        if value is not None
    }

    assert {name for name, _ in ids} >= {"id", "user_id", "task_id", "execution_id"}
    assert [value for _, value in ids if not ID.fullmatch(value)] == []


def test_new_rows_take_ids_that_sort_by_creation(owner_client):
    """New rows take time-ordered UUIDs (version 7), so that an id sorts by creation."""
    tasks = [new_task(owner_client, **webhook("https://r.example/")) for _ in range(3)]
    keys = [
        owner_client.post("/auth/api-keys", {"name": "k"}, format="json").json()["key_info"]
        for _ in range(3)
    ]
    executions = [tell(owner_client, task) for task in tasks]
    sends = [send["id"] for send in reversed(owner_client.get(SENDS).json()["sends"])]

    for made in ([t["id"] for t in tasks], [k["id"] for k in keys], executions, sends):
        assert len(made) == 3
        assert made == sorted(made)
        assert {UUID(id_).version for id_ in made} == {7}
    assert UUID(tasks[0]["user_id"]).version == 7


PRIVATE = ["/auth/me", TASKS, SENDS]


@pytest.mark.parametrize("path", PRIVATE)
def test_no_header_is_401(anonymous_client, path):
    """`Authorization: Bearer sk_...`. No header: 401 `{"detail": "Authorization header missing"}`.
    …
    All with
    `WWW-Authenticate: Bearer`."""
    response = anonymous_client.get(path)

    assert (response.status_code, response.content) == (
        401,
        b'{"detail":"Authorization header missing"}',
    )
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f"Bearer sk_{'a' * 43}", id="unknown"),
        pytest.param(None, id="revoked"),
        pytest.param("Bearer sk_", id="empty"),
        pytest.param("Bearer whsec_abc", id="no key"),
        pytest.param("Basic c2tfYTo=", id="another scheme"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_bad_key_is_401(owner_client, header):
    """Unknown,
    revoked, malformed key: 401 `{"detail": "Invalid API key"}`. … All with
    `WWW-Authenticate: Bearer`."""
    owner_client.key.revoke()
    header = owner_client._credentials["HTTP_AUTHORIZATION"] if header is None else header

    answers = [APIClient().get(path, HTTP_AUTHORIZATION=header) for path in PRIVATE]

    for answer in answers:
        assert (answer.status_code, answer.content) == (401, b'{"detail":"Invalid API key"}')
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", PRIVATE)
def test_browsable_pages_accept_a_session(owner, client, path):
    """The browsable pages …also accept a Django session"""
    client.force_login(owner)

    response = client.get(path, headers={"Accept": "text/html"})

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_admin_accepts_a_session(operator_client):
    """and the admin also accept a Django session;"""
    response = operator_client.get("/admin/")

    assert response.status_code == 200


@pytest.fixture
def browser(owner) -> APIClient:
    """A browser with the owner's session, which checks CSRF as a real server does."""
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(owner)
    return browser


def test_session_requests_without_a_token_are_refused(browser, owner):
    """session requests are CSRF-checked."""
    response = browser.post("/auth/api-keys", {"name": "stolen"}, format="json")

    assert response.status_code == 403
    assert response.json() == {"detail": "CSRF Failed: CSRF cookie not set."}
    assert not owner.api_keys.exists()


def test_the_admins_requests_are_checked_too(operator):
    """session requests are CSRF-checked."""
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(operator)

    response = browser.post("/admin/accounts/user/add/")

    assert response.status_code == 403


def test_session_requests_with_a_token_are_let_in(browser):
    """session requests are CSRF-checked."""
    browser.get("/auth/me", headers={"Accept": "text/html"})
    token = "a" * 32
    browser.cookies["csrftoken"] = token

    response = browser.post(
        "/auth/api-keys", {"name": "mine"}, format="json", headers={"X-CSRFToken": token}
    )

    assert response.status_code == 200


def test_a_body_that_fails_validation_is_422(owner_client):
    """A body …that fails validation is 422 with
    `{"detail": [{"type": "missing", "loc": ["body", "search_query"], "msg": "Field required",
    "input": {}}]}`:"""
    response = owner_client.post(TASKS, {}, format="json")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "missing",
                "loc": ["body", "search_query"],
                "msg": "Field required",
                "input": {},
            }
        ]
    }


def test_a_fault_has_an_entry_that_begins_with_its_place(owner_client):
    """or query that fails validation is 422 …one entry per fault, `loc` starting with `body`,
    `query` or `path`."""
    answers = {
        "body": owner_client.post(TASKS, {"name": "x" * 201, "state": "asleep"}, format="json"),
        "query": owner_client.get(SENDS, {"status": "gone", "task_id": "x"}),
        "path": owner_client.get(f"{TASKS}/17"),
    }

    for place, response in answers.items():
        faults = response.json()["detail"]
        assert response.status_code == 422
        assert {fault["loc"][0] for fault in faults} == {place}
        assert {frozenset(fault) for fault in faults} == {
            frozenset({"type", "loc", "msg", "input"})
        }
    assert [len(response.json()["detail"]) for response in answers.values()] == [3, 2, 1]


@pytest.mark.parametrize("body", [b'{"name": ', b"name=x", b'{"name": "\xff"}', b"\xef\xbb\xbf{}"])
def test_malformed_json_is_422(owner_client, body):
    """Malformed JSON is 422 too."""
    response = owner_client.post(TASKS, body, content_type="application/json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["type"], fault["loc"]) == ("json_invalid", ["body"])


@pytest.mark.parametrize(
    "path", [f"{TASKS}/{{}}", f"{TASKS}/{{}}/executions", f"{TASKS}/{{}}/notifications"]
)
def test_what_the_caller_may_not_see_is_404_as_what_is_not_there(owner, stranger_client, path):
    """404 for
    what does not exist *and* for what the caller may not see, with the same body."""
    foreign = stranger_client.get(path.format(make_task(owner).pk))
    missing = stranger_client.get(path.format(MISSING))

    assert (foreign.status_code, foreign.content) == (404, b'{"detail":"Not found"}')
    assert (missing.status_code, missing.content) == (404, b'{"detail":"Not found"}')


# --- Errors of every kind, as a program and as a browser get them ---


@api_view()
@permission_classes([])
def broken(_request):
    raise ValueError("a bug")


def broken_outside(_request):
    raise ValueError("a bug")


urlpatterns = [*real_urlpatterns, url_path("bug", broken), url_path("bug-outside", broken_outside)]


ERRORS = {
    "400 of the frame": (400, lambda client, **how: client.get("/auth/me", HTTP_HOST="x.y", **how)),
    "400": (400, lambda client, **how: client.delete(
        "/api/v1/email-verification/verified-emails/owner@example.com", **how)),
    "401": (401, lambda _, **how: APIClient().get("/auth/me", **how)),
    "403": (403, lambda client, **how: client.get("/metrics", **how)),
    "404": (404, lambda client, **how: client.get(f"{TASKS}/{MISSING}", **how)),
    "404 of a path": (404, lambda client, **how: client.get("/api/v1/nothing", **how)),
    "405": (405, lambda client, **how: client.delete("/auth/me", **how)),
    "413": (413, lambda client, **how: client.post(
        TASKS, b" " * (1024 * 1024 + 1), content_type="application/json", **how)),
    "415": (415, lambda client, **how: client.post(
        TASKS, b"a=b", content_type="text/plain", **how)),
    "422": (422, lambda client, **how: client.get(SENDS, {"limit": "0"}, **how)),
    "500": (500, lambda client, **how: client.get("/bug", **how)),
    "500 of the frame": (500, lambda client, **how: client.get("/bug-outside", **how)),
}  # fmt: skip


JSON_TYPES = ("*/*", "application/json", "application/*;q=0.5")


@pytest.fixture
def program(owner_client):
    owner_client.raise_request_exception = False
    return owner_client


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("status", "call"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_are_json(program, status, call):
    """Errors are `{"detail": "<sentence>"}`. …405, …413, 415, …
    and 500 have the same `{"detail": ...}` shape; an error is never an HTML page"""
    answers = [call(program), *(call(program, HTTP_ACCEPT=type_) for type_ in JSON_TYPES)]

    for answer in answers:
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/json"
        assert [*answer.json()] == ["detail"]
        assert isinstance(answer.json()["detail"], list if status == 422 else str)


@pytest.mark.parametrize(
    ("path", "status"), [(f"{TASKS}/{MISSING}", 404), (f"{SENDS}?limit=0", 422)]
)
def test_a_browser_gets_the_error_in_the_browsable_api(owner_client, path, status):
    """unless
    the browsable API was asked for (`Accept: text/html`)."""
    response = owner_client.get(path, HTTP_ACCEPT="text/html")

    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_form_that_there_is_not_is_406(owner_client):
    """405, 406, 413, …have the same `{"detail": ...}` shape;"""
    response = owner_client.get("/auth/me", HTTP_ACCEPT="application/xml")

    assert response.status_code == 406
    assert response.json() == {"detail": "Could not satisfy the request Accept header."}


@pytest.mark.parametrize("limited", ["key", "address"])
def test_too_many_calls_are_429_with_retry_after(owner_client, settings, time_machine, limited):
    """429
    (with `Retry-After`)"""
    time_machine.move_to("2026-03-04T09:00:10Z", tick=False)
    settings.TORALE_REQUESTS_PER_MINUTE = 10
    path = "/auth/me" if limited == "key" else "/api/v1/public/feed"
    client = owner_client if limited == "key" else APIClient()
    for _ in range(10):
        client.get(path)

    response = client.get(path)

    assert response.status_code == 429
    assert [*response.json()] == ["detail"]
    assert response.headers["Retry-After"] == ("60" if limited == "key" else "50")


# --- Query parameters ---


@pytest.mark.parametrize("path", LISTS)
def test_unknown_query_parameters_are_ignored(owner, owner_client, path):
    """Unknown query parameters and members of a body are ignored"""
    path = path.format(make_task(owner).pk)

    with_unknown = owner_client.get(path, {"colour": "red", "page": "x", "sort": "\0"})

    assert with_unknown.status_code == 200
    assert with_unknown.json() == owner_client.get(path).json()


IDS, TIMES = ("", "x", "660e8400"), ("", "yesterday", "2026-02-30T00:00:00Z")
OFFSETS = ("", "-1", "x", "1.5", "9" * 20)
#: The bad values of each parameter of each list.
BAD: dict[str, dict[str, tuple[str, ...]]] = {
    SENDS: {
        "limit": ("", "0", "501", "ten"),
        "offset": OFFSETS,
        "notification_type": ("", "sms", "EMAIL"),
        "status": ("", "gone"),
        "task_id": IDS,
        "execution_id": IDS,
        "event_type": ("", "task.gone"),
        "created_after": TIMES,
        "created_before": TIMES,
    },
    TASKS: {
        "limit": ("", "0", "1001"),
        "offset": OFFSETS,
        "state": ("", "asleep"),
        "active": ("", "yes", "True"),
        "is_active": ("", "1"),
    },
    f"{TASKS}/feed": {"limit": ("", "0", "1001"), "offset": OFFSETS},
    f"{TASKS}/{{}}/executions": {
        "limit": ("", "0", "1001"),
        "offset": OFFSETS,
        "status": ("", "asleep"),
    },
    f"{TASKS}/{{}}/notifications": {"limit": ("", "0", "1001"), "offset": OFFSETS},
    "/api/v1/public/tasks": {
        "limit": ("", "0", "101"),
        "sort_by": ("", "name"),
        "offset": OFFSETS[:4],
    },
    "/api/v1/public/feed": {"limit": ("", "0", "101"), "offset": OFFSETS},
    "/api/v1/webhooks/deliveries": {"limit": ("", "0", "501"), "offset": OFFSETS, "task_id": IDS},
}


@pytest.mark.parametrize("path", BAD)
def test_a_known_parameter_with_a_bad_value_is_422(owner, owner_client, path):
    """known ones with a bad value are 422, never silently dropped."""
    url = path.format(make_task(owner).pk)
    bad = [(name, value) for name, values in BAD[path].items() for value in values]

    answers = {fault: owner_client.get(url, dict([fault])) for fault in bad}

    for (name, value), answer in answers.items():
        assert answer.status_code == 422, (name, value)
        [fault] = answer.json()["detail"]
        assert (fault["loc"], fault["input"]) == (["query", name], value)


@pytest.mark.parametrize("name", ["force", "suppress_notifications"])
def test_a_bad_value_of_execute_starts_nothing(owner_client, name):
    """known ones with a bad value are 422, never silently dropped."""
    task = new_task(owner_client)

    response = owner_client.post(f"{TASKS}/{task['id']}/execute?{name}=perhaps")

    assert response.status_code == 422
    assert owner_client.get(f"{TASKS}/{task['id']}/executions").json() == []
