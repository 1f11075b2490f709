"""The threads of a web process keep their connections, and a lost one costs no request."""

import json

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import APIKey
from tests.support.processes import python

# Answers requests in one thread, as `manage.py web` does, and ends its own connection in between.
REQUESTS = """
import io, json, sys

import psycopg
from django.db import connection

from torale.wsgi import application

secret, = sys.argv[1:]


def request(path, **headers):
    def start_response(status, headers):
        shown = connection.connection.execute("SHOW plan_cache_mode").fetchone()[0]
        print(json.dumps([path, status, shown, connection.connection.info.backend_pid]))

    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": "localhost:8000",
        "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), **headers,
    }
    application(environ, start_response).close()


def lose_connection():
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "dbname") if name in parameters}
    ended = "SELECT pg_terminate_backend(%s, 5000)"
    with psycopg.connect(**address, autocommit=True) as other:
        assert other.execute(ended, [connection.connection.info.backend_pid]).fetchone() == (True,)


key = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
request("/auth/me", **key)
request("/auth/me", **key)
request("/api/v1/public/tasks")
lose_connection()
request("/auth/me", **key)
request("/auth/me", **key)
lose_connection()
request("/api/v1/public/tasks")
connection.close_pool()
"""


@pytest.mark.django_db(transaction=True)
def test_a_thread_keeps_its_connection_until_it_is_lost(owner, tmp_path):
    _, secret = APIKey.objects.create_key(user=owner, name="Laptop")
    parameters = connection.get_connection_params()

    ended = python(
        "-c",
        REQUESTS,
        secret,
        TORALE_DATA_DIR=tmp_path,
        DJANGO_SETTINGS_MODULE="torale.settings",
        DATABASE_URL=f"postgres:///{parameters['host']}/{parameters['dbname']}",
        PGUSER=parameters["user"],
        SECRET_KEY=settings.SECRET_KEY,
        TORALE_FIELD_KEYS=",".join(settings.TORALE_FIELD_KEYS),
    )

    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [answer[:2] for answer in answers] == [
        ["/auth/me", "200 OK"],
        ["/auth/me", "200 OK"],
        ["/api/v1/public/tasks", "200 OK"],
        ["/auth/me", "200 OK"],
        ["/auth/me", "200 OK"],
        ["/api/v1/public/tasks", "200 OK"],
    ], ended.stderr
    assert {shown for *_, shown, _ in answers} == {"force_generic_plan"}
    backends = [backend for *_, backend in answers]
    assert backends[0] == backends[1] == backends[2]
    assert backends[3] == backends[4]
    assert len({*backends}) == 3
