"""Create `torale_hit()`, by which torale.limits counts.

A function, because PostgreSQL keeps the plans of its statements: planning took most of the time.
"""

from django.db import migrations

CREATE = """
CREATE OR REPLACE FUNCTION torale_hit(
    keys text[], shares bigint[], length interval, OUT allowed boolean, OUT wait interval
)
LANGUAGE plpgsql
AS $$
DECLARE
    begun timestamptz := date_bin(length, torale_now(), 'epoch');
    chosen record;
    missing record;
BEGIN
    wait := begun + length - torale_now();
    LOOP
        -- A row that has room and that nobody has locked. Connections begin with different rows.
        SELECT shard.* INTO chosen
        FROM unnest(keys, shares) WITH ORDINALITY AS shard (key, most, number)
        JOIN torale_usage AS usage ON usage.key = shard.key
        WHERE usage.window_start < begun OR usage.count < shard.most
        ORDER BY (number + pg_backend_pid()) % cardinality(keys)
        LIMIT 1 FOR UPDATE OF usage SKIP LOCKED;
        -- Otherwise a row that does not exist yet. If others are making all of these, the last one.
        IF NOT FOUND THEN
            FOR missing IN
                SELECT shard.* FROM unnest(keys, shares) WITH ORDINALITY AS shard (key, most, number)
                WHERE NOT EXISTS (SELECT FROM torale_usage AS usage WHERE usage.key = shard.key)
                ORDER BY (number + pg_backend_pid()) % cardinality(keys)
            LOOP
                chosen := missing;
                EXIT WHEN pg_try_advisory_xact_lock(hashtextextended(missing.key, 0));
            END LOOP;
        END IF;
        -- Otherwise the first that is locked: counting waits for it. A row that has become full
        -- meanwhile stays locked, so the next one is chosen by a new statement, which sees which rows
        -- are full: nobody waits for those. Transactions that count twice might still wait for each
        -- other; `lock_timeout` or PostgreSQL ends that.
        IF NOT FOUND THEN
            SELECT shard.* INTO chosen
            FROM unnest(keys, shares) WITH ORDINALITY AS shard (key, most, number)
            JOIN torale_usage AS usage ON usage.key = shard.key
            WHERE usage.window_start < begun OR usage.count < shard.most
            ORDER BY number
            LIMIT 1;
        END IF;
        allowed := FOUND;
        EXIT WHEN NOT allowed;
        INSERT INTO torale_usage AS usage (key, window_start, count) VALUES (chosen.key, begun, 1)
        ON CONFLICT (key) DO UPDATE SET
            window_start = greatest(usage.window_start, begun),
            count = CASE WHEN usage.window_start < begun THEN 1 ELSE usage.count + 1 END
        WHERE usage.window_start < begun OR usage.count < chosen.most;
        -- Not counted if the row has become full meanwhile.
        EXIT WHEN FOUND;
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):

    dependencies = [("torale", "0004_secretproof")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION torale_hit(text[], bigint[], interval)")
    ]
