"""nginx with the configuration that is shipped, in front of real web processes and of receivers."""

import http.client
import http.cookies
import json
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support import preloaded_python
from tests.support.needed import needs
from tests.support.nginx import SHIPPED, Nginx
from tests.support.own_database import migrated_database
from tests.support.processes import answers, environment, free_port
from tests.support.receivers import DEADLINE_S, HTTPAnswer, HTTPReceiver, wait_for

pytestmark = [pytest.mark.e2e, needs("nginx")]

MEBIBYTE = 1024 * 1024
LINE = "server 127.0.0.1:{} max_fails=3 fail_timeout=5s;\n"


class Installation:
    """Two web processes of Torale behind nginx."""

    def __init__(self, folder: Path, database: str) -> None:
        self.ports = [free_port(), free_port()]
        self.nginx = Nginx(folder, "".join(map(LINE.format, self.ports)))
        self.log = folder / "web.log"
        self.values: dict[str, object] = {
            "DATABASE_URL": database,
            "TORALE_DATA_DIR": folder / "data",
            "TORALE_URL": f"https://localhost:{self.nginx.port}",
            "TORALE_PROXIES": 1,
        }
        self.webs = [self.start_web(port) for port in self.ports]

    def start_web(self, port: int) -> preloaded_python.Program:
        with self.log.open("ab") as log:
            return preloaded_python.start(
                *("manage.py", "web"),
                environment=environment(**self.values, TORALE_LISTEN=f"127.0.0.1:{port}"),
                stderr=log,
            )

    def wait(self) -> None:
        for port in self.ports:
            wait_for(partial(answers, f"http://127.0.0.1:{port}/readyz"))

    def stop(self) -> None:
        self.nginx.stop()
        for web in self.webs:
            web.terminate()
        for web in self.webs:
            web.wait(DEADLINE_S)


@pytest.fixture(scope="module")
def installation(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[Installation]:
    with django_db_blocker.unblock(), migrated_database("nginx") as database:
        folder = tmp_path_factory.mktemp("nginx")
        installation = Installation(folder, database)
        try:
            installation.wait()
            installation.nginx.start()
            yield installation
        finally:
            installation.stop()


@pytest.fixture
def receivers(tmp_path) -> Iterator[tuple[Nginx, HTTPReceiver, HTTPReceiver]]:
    """nginx in front of two receivers in the place of web processes."""
    with closing(HTTPReceiver()) as first, closing(HTTPReceiver()) as second:
        ports = [receiver.server.server_port for receiver in (first, second)]
        with Nginx(tmp_path, "".join(map(LINE.format, ports))) as nginx:
            yield nginx, first, second


def test_nginx_accepts_the_configuration_and_warns_of_nothing(tmp_path):
    checked = Nginx(tmp_path, (SHIPPED / "upstreams.conf").read_text()).check()

    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


def test_a_page_arrives_by_tls_and_torale_knows_it(installation):
    answer, body = installation.nginx.get("/log-in")

    assert answer.status == 200
    assert b"<form" in body
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert answer.headers["Server"] == "nginx"


def test_http_is_redirected_to_https(installation):
    port = installation.nginx.http_port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as client:
        client.request("GET", "/tasks?page=2", headers={"Host": "torale.example"})
        answer = client.getresponse()
        answer.read()

    assert answer.status == 301
    assert answer.headers["Location"] == "https://torale.example/tasks?page=2"


def test_a_limit_counts_the_clients_address_whatever_the_client_says_of_itself(installation):
    nginx = installation.nginx
    origin = installation.values["TORALE_URL"]
    page, _ = nginx.get("/password-reset")
    token = http.cookies.SimpleCookie(page.headers["Set-Cookie"])["csrftoken"].value

    def is_refused(number: int, source: str) -> bool:
        form = {"email": f"p{number}@example.com", "csrfmiddlewaretoken": token}
        answer, body = nginx.request(
            *("POST", "/password-reset", urlencode(form).encode()),
            source=source,
            Content_Type="application/x-www-form-urlencoded",
            Cookie=f"csrftoken={token}",
            Origin=str(origin),
            X_Forwarded_For=f"203.0.113.{number}",
        )
        assert answer.status == 200
        return b"<form" in body

    # Ten are allowed in an hour, and the next hour may begin in between.
    assert any(is_refused(number, "127.0.0.2") for number in range(21))
    assert not is_refused(21, "127.0.0.3")


def test_a_body_of_a_mebibyte_arrives_and_a_larger_one_is_refused_by_torale(installation):
    def post(size: int) -> tuple[int, Any]:
        answer, body = installation.nginx.request(
            "POST", "/auth/no-such-page", b"x" * size, Content_Type="application/json"
        )
        return answer.status, json.loads(body)

    assert post(MEBIBYTE)[0] == 404
    assert post(MEBIBYTE + MEBIBYTE // 2) == (
        413,
        {"detail": "The body may have at most 1 MiB."},
    )


def test_a_compressed_answer_can_be_asked_for_again_by_its_etag(installation):
    first, _ = installation.nginx.get("/openapi.json", Accept_Encoding="gzip")
    listed, _ = installation.nginx.get("/api/v1/public/tasks")

    again, body = installation.nginx.get(
        "/api/v1/public/tasks", If_None_Match="W/" + listed.headers["ETag"].removeprefix("W/")
    )

    assert first.headers["Content-Encoding"] == "gzip"
    assert (again.status, body) == (304, b"")


def test_no_get_fails_while_a_web_process_is_killed_and_started_again(installation):
    killed, port = installation.webs[0], installation.ports[0]
    statuses: list[int] = []
    stop = threading.Event()

    def ask_on() -> None:
        while not stop.is_set():
            statuses.append(installation.nginx.get("/log-in")[0].status)

    asking = [threading.Thread(target=ask_on) for _ in range(3)]
    for thread in asking:
        thread.start()
    try:
        wait_for(lambda: len(statuses) > 10)
        killed.send_signal(signal.SIGKILL)
        killed.wait(DEADLINE_S)
        seen = len(statuses)
        wait_for(lambda: len(statuses) > seen + 20)
        installation.webs[0] = installation.start_web(port)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        seen = len(statuses)
        wait_for(lambda: len(statuses) > seen + 20)
    finally:
        stop.set()
        for thread in asking:
            thread.join()

    assert {*statuses} == {200}


def test_a_get_is_repeated_where_a_server_waits_and_a_post_is_not(receivers):
    nginx, waiting, serving = receivers
    waiting.answers = [HTTPAnswer(503, b"{}", {"Retry-After": "5"})]

    posted = [nginx.request("POST", f"/{number}", b"x")[0].status for number in range(2)]
    got = [nginx.get(f"/{number}")[0].status for number in range(8)]
    posted_later = [nginx.request("POST", "/later", b"x")[0].status for _ in range(4)]

    assert sorted(posted) == [204, 503]
    assert [len(waiting.requests), len(serving.requests)] == [4, 13]
    assert got == [204] * 8
    # Three GETs have failed at the one that waits.
    assert posted_later == [204] * 4


def test_an_error_of_torale_passes_and_where_there_is_no_server_nginx_says_when_to_come_again(
    receivers,
):
    nginx, first, second = receivers
    for receiver in (first, second):
        receiver.answers = [HTTPAnswer(503, b'{"detail": "ours"}', {"Retry-After": "7"})]

    answer, body = nginx.get("/")
    assert (answer.status, body, answer.headers["Retry-After"]) == (503, b'{"detail": "ours"}', "7")

    first.server.socket.close()
    second.server.socket.close()
    gone = wait_for(lambda: (got := nginx.get("/"))[1] != b'{"detail": "ours"}' and got)
    answer, body = gone
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == "application/json"
    assert list(json.loads(body)) == ["detail"]


def test_a_request_is_passed_on_when_it_is_complete(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as upstream:
        upstream.settimeout(DEADLINE_S)

        def answered() -> bytes:
            """Answer the next request that arrives, and return its beginning."""
            connection, _ = upstream.accept()
            with connection:
                begun = connection.recv(100)
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                while connection.recv(65536):
                    pass
            return begun.partition(b" HTTP")[0]

        with (
            ThreadPoolExecutor() as pool,
            Nginx(tmp_path, LINE.format(upstream.getsockname()[1])) as nginx,
            socket.create_connection(("127.0.0.1", nginx.port), timeout=DEADLINE_S) as connection,
            nginx.trusted.wrap_socket(connection, server_hostname="localhost") as client,
        ):
            head = b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
            client.sendall(head + b"x" * 99_999)
            first = pool.submit(answered)
            assert nginx.get("/later")[0].status == 204
            client.sendall(b"x")
            second = pool.submit(answered)
            assert client.recv(1000).startswith(b"HTTP/1.1 204")
            nginx.stop()
            assert (first.result(), second.result()) == (b"GET /later", b"POST /slow")


def test_an_answer_is_taken_at_once_though_its_client_does_not_read(tmp_path):
    answered = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as upstream:

        def serve() -> None:
            connection, _ = upstream.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
            with connection, suppress(OSError):
                connection.recv(65536)
                size = 12 * MEBIBYTE
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
                connection.sendall(b"x" * size)
                answered.set()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        with (
            Nginx(tmp_path, LINE.format(upstream.getsockname()[1])) as nginx,
            closing(nginx.client()) as client,
        ):
            client.request("GET", "/")
            assert answered.wait(20)
