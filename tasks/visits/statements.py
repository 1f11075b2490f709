"""The SQL statements that claim executions, give them back and store quiet answers.

CLAIM and STORE are one statement each, as those of delivery are, and for the same reasons.
"""

# In the words of the indexes `execution_due` and `execution_leased`, so that they are used.
WAITING = "status IN ('pending', 'retrying')"
RUNNING = "status = 'running'"

#: An execution of several servers that has waited for long.
PATIENT = """
    (cardinality(executions_execution.hosts) > 1
     AND next_attempt_at <= torale_now() - interval '1 minute')
"""

#: The fields of a task on which nothing stands that an answer would have to change or be told of.
CALM = """
    task.failed_run_count = 0 AND task.failing_since IS NULL AND task.failure_told_at IS NULL
    AND task.warnings = '[]'
"""

# Users take turns. `ahead` and `behind` find each user once with one look at the index, however
# many executions a user has ("loose index scan"); only as many users are looked for as are read.
#
# Two limits are kept. A server is called by few executions at a time, of which users get the same
# share. A user has at most as many executions under way as there is room left, so that there always
# is room for the next user: one alone gets half of the room, two get a third each, and so on. Those
# that are chosen earlier in the same claim take room, too. An execution that a limit holds up stays
# due, and does not hold up others.
#
# An execution that calls several servers needs a place at all of them in the same moment, which may
# never come if all are busy. One that has waited for a minute may be the third at a server.
#
# The order is the same at every server, even among executions that are due at the same moment. With
# different orders, each of several executions could be first at one server and wait for the others
# for ever.
CLAIM = f"""
WITH RECURSIVE ahead (user_id) AS (
    (SELECT user_id FROM executions_execution
     WHERE {WAITING} AND user_id > %(after)s ORDER BY user_id LIMIT 1)
    UNION ALL
    SELECT following.user_id FROM ahead CROSS JOIN LATERAL (
        SELECT user_id FROM executions_execution
        WHERE {WAITING} AND user_id > ahead.user_id ORDER BY user_id LIMIT 1
    ) AS following
), behind (user_id) AS (
    (SELECT user_id FROM executions_execution
     WHERE {WAITING} AND user_id <= %(after)s ORDER BY user_id LIMIT 1)
    UNION ALL
    SELECT following.user_id FROM behind CROSS JOIN LATERAL (
        SELECT user_id FROM executions_execution
        WHERE {WAITING} AND user_id > behind.user_id AND user_id <= %(after)s
        ORDER BY user_id LIMIT 1
    ) AS following
), in_turn AS MATERIALIZED (
    SELECT user_id, row_number() OVER () AS turn FROM (
        (SELECT user_id FROM ahead UNION ALL SELECT user_id FROM behind) LIMIT %(users)s
    ) AS person
), running AS MATERIALIZED (
    SELECT user_id, hosts FROM executions_execution
    WHERE {RUNNING} AND leased_until > torale_now()
), running_of_user AS MATERIALIZED (
    SELECT user_id, count(*) AS visits FROM running GROUP BY user_id
), running_at_host AS MATERIALIZED (
    SELECT user_id, host, count(*) AS visits FROM running, unnest(hosts) AS host
    GROUP BY user_id, host
), host_load AS MATERIALIZED (
    SELECT host, sum(visits) AS visits FROM running_at_host GROUP BY host
), exhausted AS MATERIALIZED (
    SELECT coalesce(array_agg(host) FILTER (WHERE visits >= %(per_host)s), '{{}}') AS hosts,
           coalesce(array_agg(host) FILTER (WHERE visits > %(per_host)s), '{{}}') AS for_patient
    FROM host_load
), due AS MATERIALIZED (
    SELECT in_turn.turn, in_turn.user_id, execution.* FROM in_turn CROSS JOIN LATERAL (
        SELECT id, hosts, next_attempt_at, {PATIENT} AS is_patient FROM executions_execution
        WHERE user_id = in_turn.user_id AND {WAITING} AND next_attempt_at <= torale_now()
          AND NOT hosts && (
              SELECT CASE WHEN {PATIENT} THEN for_patient ELSE hosts END FROM exhausted
          )
        ORDER BY next_attempt_at LIMIT %(window)s
    ) AS execution
), at_host AS (
    SELECT due.id, due.turn, due.is_patient, host,
           coalesce(running_at_host.visits, 0) + row_number() OVER (
               PARTITION BY host, due.user_id ORDER BY next_attempt_at, due.id
           ) AS place
    FROM due CROSS JOIN unnest(due.hosts) AS host
    LEFT JOIN running_at_host USING (user_id, host)
), held_up AS MATERIALIZED (
    SELECT id FROM (
        SELECT id, is_patient, coalesce(host_load.visits, 0) + row_number() OVER (
            PARTITION BY host ORDER BY place, turn
        ) AS place
        FROM at_host LEFT JOIN host_load USING (host)
    ) AS placed WHERE place > %(per_host)s + is_patient::integer
), placed AS (
    SELECT due.id, turn, coalesce(running_of_user.visits, 0) + row_number() OVER (
        PARTITION BY user_id ORDER BY next_attempt_at, due.id
    ) AS place
    FROM due LEFT JOIN running_of_user USING (user_id)
    WHERE id NOT IN (SELECT id FROM held_up)
), chosen AS MATERIALIZED (
    SELECT id, turn, place FROM (
        SELECT id, turn, place, row_number() OVER (ORDER BY place, turn) - 1 AS before FROM placed
    ) AS ordered
    WHERE place <= %(free)s - before
    ORDER BY place, turn LIMIT %(limit)s
), taken AS (
    UPDATE executions_execution AS execution
    SET status = 'running', attempt_count = execution.attempt_count + 1, next_attempt_at = NULL,
        leased_until = torale_now() + %(lease_time)s, started_at = torale_now()
    FROM (
        SELECT id FROM executions_execution JOIN chosen USING (id) WHERE {WAITING}
        FOR UPDATE OF executions_execution SKIP LOCKED
    ) AS free
    WHERE execution.id = free.id
    RETURNING execution.*
), visit AS (
    SELECT execution.id, execution.task_id, execution.attempt_count, execution.first_look_at,
           execution.created_at, execution.notify, execution.user_id,
           task.search_query, task.condition_description, task.schedule, task.time_zone,
           task.updated_at, ({CALM}) AS is_calm,
           encode(task.request_headers, 'hex') AS request_headers,
           person.email, person.is_staff,
           memory.is_large, remembered.*
    FROM taken AS execution
    JOIN tasks_task AS task ON task.id = execution.task_id
    JOIN accounts_user AS person ON person.id = task.user_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(length(content)), 0)
               + coalesce(pg_column_size(task.last_known_state), 0)
               + coalesce(pg_column_size(task.context), 0) AS bytes
        FROM tasks_pagetext WHERE task_id = task.id
    ) AS kept
    -- Only what is small as it is kept, which may be compressed, is written out to be measured.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN kept.bytes > %(small)s THEN true
                    ELSE octet_length(concat(task.last_known_state, task.context)) > %(small)s
               END AS is_large
    ) AS memory
    LEFT JOIN LATERAL (
        SELECT task.last_known_state::text AS last_known_state, task.context::text AS context,
               (SELECT json_object_agg(url, encode(content, 'base64'))
                FROM tasks_pagetext WHERE task_id = task.id) AS texts
    ) AS remembered ON NOT memory.is_large
)
SELECT torale_now(),
       (SELECT coalesce(json_agg(visit), '[]')::text FROM visit),
       (SELECT user_id FROM chosen JOIN due USING (id, turn)
        ORDER BY chosen.place DESC, turn DESC LIMIT 1),
       (SELECT user_id FROM in_turn ORDER BY turn DESC LIMIT 1),
       (SELECT count(*) FROM in_turn),
       (SELECT count(*) FROM due) - (SELECT count(*) FROM chosen),
       EXISTS (SELECT FROM host_load WHERE visits >= %(per_host)s)
"""  # noqa: S608 - the parts are constants

# An attempt that was not made is not counted.
GIVE_BACK = """
UPDATE executions_execution AS execution
SET status = CASE WHEN execution.attempt_count = 1 AND execution.first_look_at IS NULL
                  THEN 'pending' ELSE 'retrying' END,
    attempt_count = execution.attempt_count - 1, next_attempt_at = torale_now(),
    leased_until = NULL
FROM json_to_recordset(%(fences)s) AS fence (
    id uuid, attempt_count integer, first_look_at timestamptz
)
WHERE execution.id = fence.id AND execution.status = 'running'
  AND execution.attempt_count = fence.attempt_count
  AND execution.first_look_at IS NOT DISTINCT FROM fence.first_look_at
"""

# Tasks are locked before executions, as by everything else that changes both. One that another
# transaction has locked is left out: it would hold up the answers of all others.
STORE = f"""
WITH quiet AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(quiet)s) AS quiet (
        execution_id uuid, attempt_count integer, first_look_at timestamptz,
        task_id uuid, updated_at timestamptz,
        result jsonb, grounding_sources jsonb, state jsonb, next_run_at timestamptz, texts jsonb
    )
), unchanged AS MATERIALIZED (
    SELECT quiet.* FROM tasks_task AS task JOIN quiet ON quiet.task_id = task.id
    WHERE task.updated_at IS NOT DISTINCT FROM quiet.updated_at AND {CALM}
    FOR NO KEY UPDATE OF task SKIP LOCKED
), settled AS (
    UPDATE executions_execution AS execution
    SET status = 'success', completed_at = %(now)s, leased_until = NULL,
        result = unchanged.result, notification = NULL,
        grounding_sources = unchanged.grounding_sources,
        failure_kind = NULL, error_message = NULL
    FROM unchanged
    WHERE execution.id = unchanged.execution_id AND execution.status = 'running'
      AND execution.attempt_count = unchanged.attempt_count
      AND execution.first_look_at IS NOT DISTINCT FROM unchanged.first_look_at
    RETURNING unchanged.*
), learnt AS (
    UPDATE tasks_task AS task
    SET last_known_state = settled.state,
        next_run_at = CASE WHEN task.state = 'active' THEN settled.next_run_at END
    FROM settled WHERE task.id = settled.task_id
), remembered AS (
    INSERT INTO tasks_pagetext (task_id, page, url, content)
    SELECT settled.task_id, text.page, text.url, decode(text.content, 'base64')
    FROM settled CROSS JOIN jsonb_to_recordset(settled.texts) AS text (
        page uuid, url text, content text
    )
    ON CONFLICT (task_id, page) DO UPDATE SET content = excluded.content
)
SELECT execution_id::text FROM settled
"""  # noqa: S608 - the part is a constant
