"""The SQL statements that claim sends, give them back and store outcomes."""

from notifications.delivery.concurrency import INITIAL_LIMIT
from notifications.eligibility import LOOKED_AT, REFUSAL

#: How many of the sends that are due the longest are looked at: more than a worker has under way,
#: which stay in their place until they end.
HEAD = 1_000
#: The same of the sends of one receiver, which all workers may be calling at once.
HEAD_OF_HOST = 5_000
#: How many receivers are looked at by one claim if the head is held up.
HOSTS_PER_CLAIM = 500

# The conditions of the indexes `send_due` and `send_due_at_host`. Each query has that of only one
# index: if both could serve it, the planner would choose by statistics, which are wrong whenever
# the queue was empty a minute ago.
DUE = "status IN ('queued', 'retrying') AND next_attempt_at <= torale_now()"
AT_A_HOST = "next_attempt_at IS NOT NULL AND host >= ''"

# Whether another claim has the row `waiting`. One look at an index for each row: a join could read
# the whole table of leases, where what has been deleted stays for some time.
LEASED = "(SELECT until > torale_now() FROM notifications_lease WHERE send_id = waiting.id)"

# Locks the row `waiting`, or finds none if another transaction has locked it. Whoever counts rows
# must not count those, or a claim would find enough and get nothing.
LOCKED = (
    "SELECT FROM notifications_notificationsend WHERE id = waiting.id FOR NO KEY UPDATE SKIP LOCKED"
)

# How many more sends the receiver `host` may get.
FREE = f"coalesce((%(free)s::jsonb ->> host)::integer, {INITIAL_LIMIT})"


def receivers(most: int) -> str:
    """Return a WITH query of the hosts of unfinished sends and of when their first send is due.

    It begins with the host `start`. Each host is found with one look at the index, however many
    sends it has ("loose index scan"), and only as many are looked for as are read.

    Args:
        most: how many hosts.
    """
    return f"""
receiver (host, due_at, place) AS (
    (SELECT host, next_attempt_at, 1 FROM notifications_notificationsend
     WHERE {AT_A_HOST} AND host >= %(start)s ORDER BY host, next_attempt_at LIMIT 1)
    UNION ALL
    SELECT following.*, place + 1 FROM receiver CROSS JOIN LATERAL (
        SELECT host, next_attempt_at FROM notifications_notificationsend
        WHERE {AT_A_HOST} AND host > receiver.host ORDER BY host, next_attempt_at LIMIT 1
    ) AS following
    WHERE place < {most}
)
"""  # noqa: S608 - the parts are constants and a number


# CLAIM and STORE are one statement each: a second one would wait for another turn of a busy event
# loop, which takes longer than the statement itself. They pass their rows as one JSON document,
# which is several times faster to read than rows of columns.
#
# The sends that are due the longest are the `head`; only as much of it is read as is needed. If it
# yields too few, because its receivers are exhausted or other claims have it, the rest comes
# `by_host`, where receivers take turns across claims. So a claim reads few rows, even if a receiver
# that hangs has a long queue.
#
# Both are prepared, as planning CLAIM takes longer than running it. So what the plan depends on is
# written into it as numbers, and the plan must be right for an empty queue and for a long one.
#
# A send is locked before its lease is written, so it is seen as it is now: another claim may have
# stored its outcome since this statement began. If another claim has written a lease since then,
# ON CONFLICT finds it.
CLAIM = f"""
WITH RECURSIVE head AS MATERIALIZED (
    SELECT id, host, next_attempt_at FROM notifications_notificationsend
    WHERE {DUE} ORDER BY next_attempt_at LIMIT {HEAD}
), longest_due AS MATERIALIZED (
    SELECT waiting.* FROM head AS waiting CROSS JOIN LATERAL ({LOCKED}) AS locked
    WHERE {FREE} > 0 AND {LEASED} IS NOT TRUE
    LIMIT %(limit)s
), rest AS MATERIALIZED (
    SELECT CASE WHEN yield.count < %(limit)s AND (SELECT count(*) FROM head) = {HEAD}
                THEN %(limit)s - yield.count ELSE 0 END AS count
    FROM (SELECT count(*) FROM longest_due) AS yield
), {receivers(HOSTS_PER_CLAIM).strip()}, by_host AS MATERIALIZED (
    SELECT send.id, host, send.next_attempt_at FROM receiver CROSS JOIN LATERAL (
        SELECT id, next_attempt_at FROM (
            SELECT id, next_attempt_at FROM notifications_notificationsend
            WHERE {AT_A_HOST} AND host = receiver.host AND next_attempt_at <= torale_now()
            ORDER BY next_attempt_at LIMIT {HEAD_OF_HOST}
        ) AS waiting CROSS JOIN LATERAL ({LOCKED}) AS locked
        WHERE {LEASED} IS NOT TRUE AND id NOT IN (SELECT id FROM longest_due)
        LIMIT {FREE}
    ) AS send
    WHERE due_at <= torale_now() AND {FREE} > 0
    LIMIT (SELECT count FROM rest)
), found AS MATERIALIZED (
    SELECT * FROM longest_due UNION ALL SELECT * FROM by_host
), placed AS (
    SELECT id, host, row_number() OVER (PARTITION BY host ORDER BY next_attempt_at) AS place
    FROM found
), allowed AS (
    SELECT id FROM placed WHERE place <= {FREE}
), held AS MATERIALIZED (
    SELECT send.* FROM allowed CROSS JOIN LATERAL (
        SELECT * FROM notifications_notificationsend WHERE id = allowed.id
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS send
), taken AS (
    INSERT INTO notifications_lease AS lease (send_id, claim, until)
    SELECT id, %(claim)s, torale_now() + %(lease_time)s FROM held WHERE {DUE}
    ON CONFLICT (send_id) DO UPDATE SET claim = excluded.claim, until = excluded.until
    WHERE lease.until <= torale_now()
    RETURNING send_id
), message AS (
    SELECT send.id, event_type, notification_type, recipient, host, endpoint_id,
           coalesce(payload.body, '') AS body, coalesce(payload.method, '') AS method,
           coalesce(payload.format, '') AS format,
           attempt_count - earlier_attempt_count + 1 AS attempt,
           person.email, person.is_staff,
           encode(payload.headers, 'hex') AS headers,
           encode(config.secret, 'hex') AS secret,
           encode(config.retired_secrets, 'hex') AS retired_secrets,
           {REFUSAL} AS refusal
    FROM held AS send
    JOIN accounts_user AS person ON person.id = send.user_id
    {LOOKED_AT}
    -- IS TRUE keeps it from becoming a join, which would compare each row with each.
    WHERE (send.id IN (SELECT send_id FROM taken)) IS TRUE
)
SELECT torale_now(), (SELECT count(*) FROM found),
       CASE
           WHEN (SELECT count FROM rest) = 0 THEN %(start)s
           WHEN (SELECT count(*) FROM by_host) = (SELECT count FROM rest)
               THEN (SELECT max(host) FROM by_host)
           WHEN (SELECT count(*) FROM receiver) = {HOSTS_PER_CLAIM}
               THEN (SELECT max(host) FROM receiver)
           ELSE ''
       END,
       (SELECT coalesce(json_agg(message), '[]')::text FROM message)
"""  # noqa: S608 - the parts are constants

# A lease that is locked belongs to another claim by now, or is about to be deleted.
GIVE_BACK = """
DELETE FROM notifications_lease WHERE send_id IN (
    SELECT send_id FROM notifications_lease AS lease
    JOIN unnest(%s::uuid[], %s::uuid[]) AS given_back (send_id, claim) USING (send_id, claim)
    FOR UPDATE OF lease SKIP LOCKED
)
"""

# Locks sends before it deletes leases, as CLAIM locks them before it writes leases: in another
# order, the two could wait for each other. Only outcomes whose lease it deletes are stored.
STORE = """
WITH outcome AS (
    SELECT * FROM json_to_recordset(%(outcomes)s) AS outcome (
        send_id uuid, claim uuid, status text, error_message text, wait_s float8,
        attempt_id uuid, attempt_status text, started_at timestamptz,
        duration_ms integer, request_headers jsonb, response_status smallint,
        response_headers jsonb, response_body text, provider_message_id text
    )
), held AS MATERIALIZED (
    SELECT send_id, claim FROM outcome CROSS JOIN LATERAL (
        SELECT FROM notifications_notificationsend WHERE id = outcome.send_id FOR NO KEY UPDATE
    ) AS send
    WHERE claim = (SELECT claim FROM notifications_lease WHERE send_id = outcome.send_id)
), fenced AS (
    DELETE FROM notifications_lease
    WHERE send_id = ANY (ARRAY(SELECT send_id FROM held))
      AND claim = ANY (ARRAY(SELECT claim FROM held))
    RETURNING send_id, claim
), kept AS (
    SELECT * FROM outcome JOIN fenced USING (send_id, claim)
), settled AS (
    UPDATE notifications_notificationsend AS send
    SET status = kept.status,
        error_message = kept.error_message,
        next_attempt_at = torale_now() + make_interval(secs => kept.wait_s),
        sent_at = CASE WHEN kept.status = 'sent' THEN torale_now() END,
        attempt_count = send.attempt_count + 1
    FROM kept
    WHERE send.id = kept.send_id
    RETURNING send.attempt_count AS number, send.endpoint_id, kept.*,
              kept.attempt_status = 'succeeded' AS succeeded
), fared AS (
    SELECT endpoint_id AS id, bool_or(succeeded) AS succeeded
    FROM settled WHERE endpoint_id IS NOT NULL GROUP BY endpoint_id
), noted AS (
    UPDATE notifications_webhookendpoint AS endpoint
    SET failing_since = CASE WHEN fared.succeeded THEN NULL ELSE torale_now() END
    FROM fared
    WHERE endpoint.id = fared.id AND fared.succeeded = (endpoint.failing_since IS NOT NULL)
)
INSERT INTO notifications_attempt (
    id, send_id, number, started_at, duration_ms, status, request_headers, response_status,
    response_headers, response_body, error_message, provider_message_id
)
SELECT attempt_id, send_id, number, started_at, duration_ms, attempt_status, request_headers,
       response_status, response_headers, response_body, error_message, provider_message_id
FROM settled
"""
