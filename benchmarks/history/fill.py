"""Fill the database with a year of sends, by statements that make the rows in PostgreSQL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command, get_commands
from django.db import connection, transaction

from accounts.models import APIKey, User
from torale.postgres.bulk import without_indexes

#: Owners by number: these two, and then the others.
LARGE, SMALL = 0, 1
OTHERS = 300
SMALL_SENDS = 1_000
LARGE_TASKS, TASKS = 1_000, 20
ENDPOINTS = 3
#: Each task of the large user has this many executions, so that finding the latest one is work.
EXECUTIONS = 20
#: Sends that await an attempt, a day from now.
UNFINISHED = 200
CHUNK = 1_000_000
SEND, ATTEMPT, PAYLOAD = (
    "notifications_notificationsend",
    "notifications_attempt",
    "notifications_payload",
)

OWNERS = f"""
CREATE TEMP TABLE owner AS
SELECT number, uuidv7() AS id,
    CASE number WHEN {LARGE} THEN 'large' WHEN {SMALL} THEN 'small' ELSE 'user' || number END
        || '@example.com' AS email
FROM generate_series(0, {OTHERS + 1}) AS number;

INSERT INTO accounts_user (id, email, password, is_superuser, first_name, is_active, is_staff,
                           has_seen_welcome, created_at)
SELECT id, email, '!', false, '', true, false, true, now() - interval '1 year' FROM owner;

CREATE TEMP TABLE task AS
SELECT owner.number AS owner, nth AS number, owner.id AS user_id, uuidv7() AS id,
    (ARRAY['Price of', 'Stock of', 'Release of', 'News about', 'Tickets for'])[1 + nth % 5]
        || ' ' || (ARRAY['lamp', 'kernel', 'concert', 'notebook', 'bicycle', 'council', 'harbour'])
        [1 + nth % 7] || ' ' || nth AS name
FROM owner,
    generate_series(0, CASE owner.number WHEN {LARGE} THEN {LARGE_TASKS} ELSE {TASKS} END - 1)
        AS nth;

INSERT INTO tasks_task (id, user_id, name, search_query, condition_description, state,
                        webhook_method, webhook_headers, is_public, view_count, subscriber_count,
                        failed_run_count, state_changed_at, created_at, is_muted)
SELECT id, user_id, name, 'https://shop.example/' || number, 'price < ' || number, 'paused',
    'POST', '', false, 0, 0, 0, now(), now() - interval '1 year' + number * interval '1 minute',
    false
FROM task;

INSERT INTO executions_execution (id, task_id, user_id, status, notify, attempt_count, created_at,
                                  started_at, completed_at, grounding_sources)
SELECT uuidv7(), id, user_id, 'success', true, 1, at, at, at, '[]'
FROM task, generate_series(1, {EXECUTIONS}) AS execution,
    LATERAL (SELECT now() - execution * interval '1 hour' AS at) AS visited
WHERE owner = {LARGE};

INSERT INTO notifications_webhookendpoint (public_id, user_id, url, created_at,
                                           is_switched_off_by_owner)
SELECT uuidv7(), id, 'https://hooks' || endpoint || '.' || replace(email, '@', '.') || '/in/'
    || md5(email), now() - interval '1 year', false
FROM owner, generate_series(0, {ENDPOINTS - 1}) AS endpoint;

CREATE TEMP TABLE endpoint AS
SELECT owner.number AS owner, (row_number() OVER (PARTITION BY user_id ORDER BY endpoint.id)) - 1
    AS number, endpoint.id, url, split_part(url, '/', 3) || ':443' AS host
FROM notifications_webhookendpoint AS endpoint JOIN owner ON owner.id = user_id;

ANALYZE owner, task, endpoint;
"""

#: One send a row, in the order of time, as they are recorded. Webhooks fail mostly while their
#: receiver is down, which is a day a month.
SENDS = f"""
INSERT INTO {SEND} (
    id, user_id, task_id, execution_id, task_name, event_type, recipient, endpoint_id,
    is_for_default_webhook, host, notification_type, status, error_message, created_at, sent_at,
    attempt_count, earlier_attempt_count, next_attempt_at
)
SELECT uuidv7(created_at - clock_timestamp()), task.user_id, task.id,
    uuidv7(created_at - clock_timestamp() - interval '2 seconds'), task.name,
    CASE WHEN is_webhook OR event < 0.92 THEN 'task.condition_met' WHEN event < 0.95 THEN
        'task.failing' WHEN event < 0.98 THEN 'task.recovered' ELSE 'task.warning' END,
    CASE WHEN is_webhook THEN endpoint.url ELSE split_part(owner.email, '@', 1)
        || '+' || task.number %% 2 || '@example.com' END,
    CASE WHEN is_webhook THEN endpoint.id END, is_webhook AND task.number %% 3 = 0,
    CASE WHEN is_webhook THEN endpoint.host ELSE '' END,
    CASE WHEN is_webhook THEN 'webhook' ELSE 'email' END,
    status,
    CASE status WHEN 'failed' THEN 'The receiver answered 503.' WHEN 'retrying' THEN
        'The receiver answered 503.' WHEN 'skipped' THEN 'The limit of 100 notifications a day '
        'is reached.' WHEN 'bounced' THEN 'The mailbox does not exist.' WHEN 'complained' THEN
        'The reader called it spam.' END,
    created_at,
    CASE WHEN status NOT IN ('failed', 'skipped', 'queued', 'retrying') THEN
        created_at + (0.05 + 20 * power(latency, 8)) * interval '1 second' END,
    CASE status WHEN 'skipped' THEN 0 WHEN 'queued' THEN 0 WHEN 'failed' THEN 10 WHEN 'retrying'
        THEN 2 ELSE 1 END,
    0,
    CASE WHEN status IN ('queued', 'retrying') THEN now() + interval '1 day' END
FROM (
    SELECT number, now() - (%(sends)s - number) * (interval '365 days' / %(sends)s) AS created_at,
        CASE WHEN number %% 10 = 0 THEN {LARGE} WHEN number %% (%(sends)s / {SMALL_SENDS}) = 1
            THEN {SMALL} ELSE 2 + floor(random() * {OTHERS})::int END AS owner,
        random() AS task, random() < 0.5 AS is_webhook, random() AS outcome, random() AS event,
        random() AS latency
    FROM generate_series(%(first)s, %(last)s) AS number
) AS send
JOIN owner ON owner.number = send.owner
JOIN task ON task.owner = send.owner AND task.number = floor(power(send.task, 2)
    * CASE send.owner WHEN {LARGE} THEN {LARGE_TASKS} ELSE {TASKS} END)::int
JOIN endpoint ON endpoint.owner = send.owner AND endpoint.number = task.number %% {ENDPOINTS},
LATERAL (SELECT CASE
    WHEN send.number > %(sends)s - {UNFINISHED} THEN
        CASE WHEN is_webhook THEN 'queued' ELSE 'retrying' END
    WHEN is_webhook AND outcome < 0.7
        AND (extract(doy FROM created_at)::int + task.number) %% 30 = 0 THEN 'failed'
    WHEN outcome > 0.985 THEN 'skipped'
    WHEN outcome > 0.98 THEN 'failed'
    WHEN is_webhook THEN 'sent'
    WHEN outcome > 0.975 THEN 'bounced'
    WHEN outcome > 0.974 THEN 'complained'
    WHEN outcome < 0.3 THEN 'delivered'
    ELSE 'sent' END AS status) AS ended
"""

#: The bodies and headers have about the lengths of real ones, and compress as badly.
BODIES = f"""
WITH latest AS (
    SELECT id, created_at, attempt_count, status, notification_type, error_message FROM {SEND}
    ORDER BY id DESC LIMIT %(bodies)s
), stored AS (
    INSERT INTO {PAYLOAD} (send_id, body, method)
    SELECT id, '{{"id": "' || id || '", "object": "event", "api_version": "v1", "type": '
        '"task.condition_met", "data": {{"text": "' || (
            SELECT string_agg(md5(id::text || line), ' ') FROM generate_series(1, 17) AS line
        ) || '"}}}}', 'POST'
    FROM latest
)
INSERT INTO {ATTEMPT} (id, send_id, number, started_at, duration_ms, status, request_headers,
                       response_status, response_headers, response_body, error_message)
SELECT uuidv7(created_at - clock_timestamp()), id, attempt_count, created_at, 40,
    CASE WHEN error_message IS NULL THEN 'succeeded' ELSE 'failed' END,
    jsonb_build_object('webhook-id', id, 'webhook-timestamp', extract(epoch FROM created_at)::int,
        'webhook-signature', 'v1,' || md5(id::text) || md5(id::text || 2), 'Content-Type',
        'application/json', 'User-Agent', 'Torale (+https://torale.example)', 'X-Torale-Event',
        'task.condition_met', 'X-Torale-Delivery', id),
    CASE WHEN error_message IS NULL THEN 200 ELSE 503 END,
    jsonb_build_object('Content-Type', 'application/json', 'Date', created_at, 'Server', 'nginx',
        'Content-Length', '16', 'X-Request-Id', md5(id::text)),
    '{{"status": "ok"}}', error_message
FROM latest WHERE attempt_count > 0
"""

#: Further sends of the last owner's to one URL, to be attempted at the given rate.
QUEUE = f"""
WITH queued AS (
    INSERT INTO {SEND} (
        id, user_id, task_id, execution_id, task_name, event_type, recipient, endpoint_id,
        is_for_default_webhook, host, notification_type, status, created_at, attempt_count,
        earlier_attempt_count, next_attempt_at
    )
    SELECT uuidv7(), user_id, uuidv7(), uuidv7(), 'Queued', 'task.condition_met', url, id, false,
        split_part(url, '/', 3), 'webhook', 'queued', now(), 0, 0,
        now() + %(in_seconds)s * interval '1 second' + number * interval '1 second' / %(rate)s
    FROM notifications_webhookendpoint, generate_series(1, %(sends)s) AS number
    WHERE id = %(endpoint)s
    RETURNING id
)
INSERT INTO {PAYLOAD} (send_id, body, method)
SELECT id, '{{"id": "' || id || '", "text": "' || repeat('x', 600) || '"}}', 'POST' FROM queued
"""


@dataclass(frozen=True, slots=True)
class Size:
    """A table of the history or an index: its bytes, and the rows that they are compared with."""

    name: str
    size: int
    rows: int

    @property
    def bytes_a_row(self) -> float:
        return self.size / self.rows


def fill(*, sends: int, bodies: int) -> float:
    """Store `sends` sends, with an attempt and a body for the latest `bodies` of them.

    Returns:
        The seconds that it took, with the indexes, the counts and the statistics.
    """
    begun = time.monotonic()
    with _patient_server(), connection.cursor() as cursor:
        cursor.execute(OWNERS)
        with without_indexes(cursor, [SEND]):
            for first in range(1, sends + 1, CHUNK):
                with transaction.atomic():
                    # No trigger and no foreign key is checked.
                    cursor.execute("SET LOCAL session_replication_role = replica")
                    last = min(first + CHUNK - 1, sends)
                    cursor.execute(SENDS, {"sends": sends, "first": first, "last": last})
        cursor.execute(f"ANALYZE {SEND}")
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(BODIES, {"bodies": bodies})
    settle()
    return time.monotonic() - begun


def settle() -> None:
    """Rebuild what the product derives from sends, and leave PostgreSQL nothing to do later."""
    if "recount" in get_commands():
        call_command("recount", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def queue(*, endpoint: int, sends: int, rate: float, in_seconds: float) -> None:
    """Store `sends` queued sends to an endpoint, `rate` of which are due in each second.

    Args:
        endpoint: the endpoint's primary key.
        sends: how many there are.
        rate: how many become due in a second.
        in_seconds: seconds from now until the first one is due.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE,
            {"endpoint": endpoint, "sends": sends, "rate": rate, "in_seconds": in_seconds},
        )


def unqueue(*, endpoint: int) -> None:
    """Delete the sends to an endpoint."""
    with connection.cursor() as cursor:
        owner = "SELECT user_id FROM notifications_webhookendpoint WHERE id = %(id)s"
        found = f"SELECT id FROM {SEND} WHERE user_id = ({owner}) AND endpoint_id = %(id)s"
        for table in (ATTEMPT, PAYLOAD):
            cursor.execute(f"DELETE FROM {table} WHERE send_id IN ({found})", {"id": endpoint})
        cursor.execute(f"DELETE FROM {SEND} WHERE id IN ({found})", {"id": endpoint})


def keys_of(user: User, count: int) -> list[str]:
    """Return `count` new API keys of a user."""
    return [APIKey.objects.create_key(user=user, name="bench")[1] for _ in range(count)]


def sizes() -> list[Size]:
    """Return the tables of the history and their indexes, those of sends first.

    Attempts and bodies are compared with their own rows, all other tables with the sends.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT part.relname, pg_table_size(part.oid), CASE WHEN history.relname = ANY(%(own)s)
                THEN history.reltuples ELSE sends.reltuples END::bigint
            FROM pg_class AS sends, pg_class AS history
            LEFT JOIN pg_index ON indrelid = history.oid
            JOIN pg_class AS part ON part.oid IN (history.oid, indexrelid)
            WHERE sends.relname = %(sends)s AND history.relkind = 'r'
                AND history.relname LIKE 'notifications\\_%%' AND pg_table_size(history.oid) > 1e6
            GROUP BY history.oid, history.relname, history.reltuples, sends.oid, sends.reltuples,
                part.oid, part.relname, part.relkind
            ORDER BY history.oid <> sends.oid, history.relname, part.relkind DESC, part.relname
            """,
            {"own": [ATTEMPT, PAYLOAD], "sends": SEND},
        )
        return [Size(*row) for row in cursor.fetchall()]


@contextmanager
def _patient_server() -> Iterator[None]:
    """Let PostgreSQL write checkpoints less often, and give this connection memory for indexes."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET synchronous_commit = off")
        try:
            yield
        finally:
            cursor.execute("RESET maintenance_work_mem")
            cursor.execute("RESET synchronous_commit")
            cursor.execute("ALTER SYSTEM RESET max_wal_size")
            cursor.execute("SELECT pg_reload_conf()")
