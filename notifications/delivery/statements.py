"""The SQL statements that claim sends, give them back and store outcomes."""

from notifications.eligibility import LOOKED_AT, REFUSAL

# CLAIM and STORE are one statement each: a second one would wait for another turn of a busy event
# loop, which takes longer than the statement itself. They pass their rows as one JSON document,
# which is several times faster to read than rows of columns.
CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id, host, next_attempt_at FROM notifications_notificationsend
    WHERE status = ANY(%(unfinished)s) AND next_attempt_at <= torale_now()
      AND (leased_until IS NULL OR leased_until <= torale_now())
      AND host <> ALL(%(exhausted)s)
    ORDER BY next_attempt_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), placed AS (
    SELECT id, host, row_number() OVER (PARTITION BY host ORDER BY next_attempt_at) AS place
    FROM due
), within_limit AS (
    SELECT placed.id FROM placed
    LEFT JOIN unnest(%(hosts)s::text[], %(free)s::integer[]) AS allowed (host, free) USING (host)
    WHERE placed.place <= coalesce(allowed.free, %(first)s)
), taken AS (
    UPDATE notifications_notificationsend AS send
    SET lease = %(lease)s, leased_until = torale_now() + %(lease_time)s
    FROM within_limit WHERE send.id = within_limit.id
    RETURNING send.*
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
    FROM taken AS send
    JOIN accounts_user AS person ON person.id = send.user_id
    {LOOKED_AT}
)
SELECT torale_now(), (SELECT count(*) FROM due),
       (SELECT coalesce(json_agg(message), '[]')::text FROM message)
"""  # noqa: S608 - both parts are constants

GIVE_BACK = """
UPDATE notifications_notificationsend AS send SET lease = NULL, leased_until = NULL
FROM unnest(%s::uuid[], %s::uuid[]) AS given_back (id, lease)
WHERE send.id = given_back.id AND send.lease = given_back.lease
"""

STORE = """
WITH outcome AS (
    SELECT * FROM json_to_recordset(%(outcomes)s) AS outcome (
        send_id uuid, lease uuid, status text, error_message text, wait_s float8,
        attempt_id uuid, attempt_status text, started_at timestamptz,
        duration_ms integer, request_headers jsonb, response_status smallint,
        response_headers jsonb, response_body text, provider_message_id text
    )
), settled AS (
    UPDATE notifications_notificationsend AS send
    SET status = outcome.status,
        error_message = outcome.error_message,
        next_attempt_at = torale_now() + make_interval(secs => outcome.wait_s),
        sent_at = CASE WHEN outcome.status = 'sent' THEN torale_now() END,
        attempt_count = send.attempt_count + 1,
        lease = NULL,
        leased_until = NULL
    FROM outcome
    WHERE send.id = outcome.send_id AND send.lease = outcome.lease
    RETURNING send.id AS send_id, send.attempt_count AS number, send.endpoint_id,
              outcome.attempt_status = 'succeeded' AS succeeded
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
SELECT attempt_id, settled.send_id, settled.number, started_at, duration_ms, attempt_status,
       request_headers, response_status, response_headers, response_body, error_message,
       provider_message_id
FROM settled JOIN outcome USING (send_id)
"""
