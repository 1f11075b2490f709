"""The section "What a webhook receives", over real servers."""

import base64
import hashlib
import hmac
import json
import socketserver
import threading
from datetime import datetime, timedelta
from ipaddress import ip_network

import pytest
from django.utils import timezone
from standardwebhooks import Webhook
from svix.webhooks import Webhook as SvixWebhook

from notifications.models import NotificationSend
from tests.support.api_calls import CONFIG, SENDS, TASKS, new_task, tell, webhook
from tests.support.factories import NOW, days
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)

STANDARD = ["webhook-id", "webhook-timestamp", "webhook-signature"]
TORALE = ["X-Torale-Event", "X-Torale-Delivery", "X-Torale-Timestamp", "X-Torale-Signature"]


@pytest.fixture
def hook(http_receiver) -> str:
    return f"{http_receiver.url}/hook?a=b"


@pytest.fixture
def secret(owner_client) -> str:
    return str(owner_client.get(CONFIG).json()["secret"])


@pytest.fixture
def told(owner_client, hook):
    """Return a function that has the hook told of a new task, and that task."""

    def tell_it(**fields):
        task = new_task(owner_client, **webhook(hook, **fields))
        tell(owner_client, task)
        return task

    return tell_it


@pytest.fixture
def only_send(owner_client):
    """Return a function that shows the one send there is."""

    def show():
        [send] = owner_client.get(SENDS).json()["sends"]
        return owner_client.get(f"{SENDS}/{send['id']}").json()

    return show


@pytest.fixture
def wire(loopback_allowed):
    """A server that keeps what comes over the wire as it is, and the URL it is under."""
    seen: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.rfile.readline()
            seen.append(head)
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            self.rfile.read(length)
            self.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield seen, f"http://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()
        thread.join()


def again(time_machine) -> None:
    """Let the wait for the next attempt be over, and deliver."""
    due = NotificationSend.objects.get().next_attempt_at
    assert due
    time_machine.move_to(due, tick=True)
    deliver()


def test_it_is_posted_as_json(http_receiver, told):
    """`POST <url>`, `Content-Type: application/json`"""
    told()

    deliver()

    [request] = http_receiver.requests
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == http_receiver.url.removeprefix("http://")


def test_a_task_may_ask_for_put_and_headers(http_receiver, told):
    """`method` is POST or PUT."""
    told(method="PUT", headers={"X-Token": "abc"})

    deliver()

    [request] = http_receiver.requests
    assert (request.method, request.headers["x-token"]) == ("PUT", "abc")


@pytest.mark.parametrize("context", [None, {"order": 17}], ids=["without", "with context"])
def test_the_event(owner_client, http_receiver, hook, context):
    """`{"id", "object": "event", "api_version": "v1", "event_type": "task.condition_met",
    "created_at": <unix s>,
    "data": {"task": {id, name, search_query, condition_description}, "execution": {id,
    notification, completed_at},
    "result": {answer, grounding_sources}, "context"?}}`."""
    task = new_task(owner_client, name="Zurück?", context=context, **webhook(hook))
    execution_id = tell(owner_client, task)
    deliver()
    [execution] = owner_client.get(f"{TASKS}/{task['id']}/executions").json()

    [request] = http_receiver.requests

    event = json.loads(request.body)
    assert event == {
        "id": owner_client.get(SENDS).json()["sends"][0]["id"],
        "object": "event",
        "api_version": "v1",
        "event_type": "task.condition_met",
        "created_at": event["created_at"],
        "data": {
            "task": {
                "id": task["id"],
                "name": "Zurück?",
                "search_query": task["search_query"],
                "condition_description": task["condition_description"],
            },
            "execution": {
                "id": execution_id,
                "notification": "**In stock**",
                "completed_at": execution["completed_at"],
            },
            "result": {
                "answer": "In stock, it says.",
                "grounding_sources": execution["grounding_sources"],
            },
            **({"context": context} if context else {}),
        },
    }
    completed_at = datetime.fromisoformat(execution["completed_at"])
    assert event["created_at"] == int(completed_at.timestamp())


def test_all_attempts_have_one_body_and_id(
    owner_client, http_receiver, told, secret, only_send, time_machine
):
    """one body for all attempts of a send: …
    Standard Webhooks headers: `webhook-id` (the same for every attempt and redelivery of one
    send)"""
    time_machine.move_to(NOW, tick=True)
    http_receiver.answers = [HTTPAnswer(500), HTTPAnswer(503), HTTPAnswer(200)]
    task = told()
    deliver()
    # Whatever becomes of the task meanwhile.
    owner_client.patch(f"{TASKS}/{task['id']}", {"name": "renamed"}, format="json")
    again(time_machine)
    again(time_machine)
    time_machine.move_to(NOW + days(1), tick=True)
    owner_client.post(f"{SENDS}/{only_send()['id']}/redeliver")

    deliver()

    requests = http_receiver.requests
    assert len(requests) == 4
    assert {request.body for request in requests} == {only_send()["request_body"].encode()}
    assert {request.headers["webhook-id"] for request in requests} == {only_send()["id"]}
    stamps = [int(request.headers["webhook-timestamp"]) for request in requests]
    assert stamps == sorted(set(stamps))
    assert stamps[0] == pytest.approx(NOW.timestamp(), abs=30)
    # Each is signed anew: the last one, a day later, for its own time.
    Webhook(secret).verify(requests[3].body, requests[3].headers)


def test_the_standard_webhooks_libraries_verify_it(http_receiver, told, secret):
    """`webhook-timestamp`, `webhook-signature: v1,<base64>`"""
    told()

    deliver()

    [request] = http_receiver.requests
    for library in (Webhook, SvixWebhook):
        library(secret).verify(request.body, request.headers)  # raises if it is not
    id_, timestamp, signature = (request.headers[name] for name in STANDARD)
    signed = f"{id_}.{timestamp}.".encode() + request.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert signature == f"v1,{digest}"
    assert abs(int(timestamp) - timezone.now().timestamp()) < 30


def test_the_headers_of_the_service_this_api_follows(http_receiver, told, secret, only_send):
    """And, for receivers written for the service this API follows: `X-Torale-Event`,
    `X-Torale-Delivery`,
    `X-Torale-Timestamp`, `X-Torale-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "<t>.<body>">`."""
    told()

    deliver()

    [request] = http_receiver.requests
    event, delivery, timestamp, signature = (request.headers[name.lower()] for name in TORALE)
    signed = f"{timestamp}.".encode() + request.body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert (event, delivery) == ("task.condition_met", only_send()["id"])
    assert timestamp == request.headers["webhook-timestamp"]
    assert signature == f"t={timestamp},v1={digest}"


def test_header_names_are_spelled_so(owner_client, wire):
    """Standard Webhooks headers: `webhook-id` …`webhook-timestamp`, `webhook-signature: v1,
    …`X-Torale-Event`, `X-Torale-Delivery`,
    `X-Torale-Timestamp`, `X-Torale-Signature:"""
    seen, url = wire
    tell(owner_client, new_task(owner_client, **webhook(url)))

    deliver()

    [head] = seen
    request_line, *lines = head.decode("ascii").strip().split("\r\n")
    names = [line.partition(":")[0] for line in lines]
    assert request_line == "POST /hook HTTP/1.1"
    assert set(names) >= {*STANDARD, *TORALE, "Content-Type", "Content-Length"}
    assert len(names) == len({name.lower() for name in names})


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(http_receiver, told, only_send, status):
    """2xx is success."""
    http_receiver.answers = [HTTPAnswer(status)]
    told()

    deliver()

    send = only_send()
    assert (send["status"], send["error_message"], send["next_attempt_at"]) == ("sent", None, None)
    assert send["attempts"][0]["response_status"] == status


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_anything_else_is_not(http_receiver, told, only_send, status):
    """2xx is success."""
    http_receiver.answers = [HTTPAnswer(status)]
    told()

    deliver()

    assert only_send()["status"] == "retrying"


def test_410_switches_the_webhook_off(owner_client, http_receiver, hook, told):
    """410 switches the webhook off."""
    owner_client.put(CONFIG, {"webhook_url": hook}, format="json")
    http_receiver.answers = [HTTPAnswer(410), HTTPAnswer(200)]
    told()
    deliver()

    told()
    deliver()

    later, first = owner_client.get(SENDS, {"notification_type": "webhook"}).json()["sends"]
    assert (first["status"], later["status"]) == ("failed", "skipped")
    assert "410" in later["error_message"]
    assert owner_client.get(CONFIG).json()["enabled"] is False
    assert len(http_receiver.requests) == 1


def test_it_can_be_switched_on_again(owner_client, http_receiver, told):
    """410 switches the webhook off."""
    http_receiver.answers = [HTTPAnswer(410), HTTPAnswer(200)]
    told()
    deliver()
    owner_client.put(CONFIG, {"enabled": True}, format="json")

    told()
    deliver()

    sends = owner_client.get(SENDS, {"notification_type": "webhook"}).json()["sends"]
    assert [send["status"] for send in sends] == ["sent", "failed"]


@pytest.mark.parametrize(
    ("status", "value", "wait"),
    [
        pytest.param(429, "120", 120, id="429 in seconds"),
        pytest.param(503, "120", 120, id="503 in seconds"),
        pytest.param(503, "Wed, 04 Mar 2026 10:00:10 GMT", 3600, id="503 at a date"),
        pytest.param(503, "soon", 5, id="unreadable"),
        pytest.param(500, "120", 5, id="not of another status"),
    ],
)
def test_retry_after_is_honoured(http_receiver, told, only_send, time_machine, status, value, wait):
    """429 and 503 honour `Retry-After`."""
    time_machine.move_to(NOW, tick=True)
    http_receiver.answers = [HTTPAnswer(status, headers={"Retry-After": value})]
    told()

    deliver()

    due = datetime.fromisoformat(only_send()["next_attempt_at"])
    assert timedelta(seconds=wait * 0.9) <= due - NOW <= timedelta(seconds=wait * 1.1 + 20)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(http_receiver, told, only_send, status):
    """Redirects are not
    followed."""
    http_receiver.answers = [HTTPAnswer(status, headers={"Location": f"{http_receiver.url}/other"})]
    told()

    deliver()

    assert [request.path for request in http_receiver.requests] == ["/hook?a=b"]
    assert only_send()["attempts"][0]["response_status"] == status
    assert only_send()["status"] == "retrying"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://r.example/", "file:///etc/passwd", "r.example", "http://127.0.0.1/",
        "http://10.1.2.3/", "http://169.254.169.254/latest", "http://[::1]/", "http://localhost/",
        "http://2130706433/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/",
        "http://192.168.0.1/", "http://100.64.0.1/",
    ],
)  # fmt: skip
def test_only_http_to_public_addresses(owner_client, url):
    """Only http(s) to public addresses"""
    task = {"search_query": "https://a.example/", **webhook(url)}

    answers = [
        owner_client.post(TASKS, task, format="json"),
        owner_client.put(CONFIG, {"webhook_url": url}, format="json"),
        owner_client.post("/api/v1/webhooks/test", {"webhook_url": url}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


@pytest.mark.parametrize("allowed", ["127.0.0.0/8", "10.0.0.0/8"])
def test_checked_on_the_address_that_is_connected_to(
    http_receiver, told, only_send, settings, allowed
):
    """checked on the address that is really connected to;
    `TORALE_WEBHOOK_ALLOW_PRIVATE` lists the networks that are allowed besides."""
    told()
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = (ip_network(allowed),)

    deliver()

    is_allowed = allowed == "127.0.0.0/8"
    assert only_send()["status"] == ("sent" if is_allowed else "failed")
    assert len(http_receiver.requests) == (1 if is_allowed else 0)


def test_a_name_that_leads_inside_is_refused_when_connecting(
    owner_client, http_receiver, only_send, settings
):
    """checked on the address that is really connected to;"""
    name = http_receiver.url.replace("127.0.0.1", "localhost")
    tell(owner_client, new_task(owner_client, **webhook(name)))
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = (ip_network("10.0.0.0/8"),)

    deliver()

    assert only_send()["status"] == "failed"
    assert "localhost is not a public address" in only_send()["error_message"]
    assert http_receiver.requests == []
