"""Count sends by user, day and task in the statements that change them."""

from django.db import migrations, models

# The class of a time in milliseconds: 0 below one, then classes of which each ends a tenth above
# its beginning. So any time of a class is within 5 % of its middle.
TOOK = """
CREATE FUNCTION notifications_took(
    event_type text, created_at timestamptz, sent_at timestamptz, earlier_attempt_count smallint
) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN event_type = 'task.condition_met' AND earlier_attempt_count = 0 AND sent_at IS NOT NULL
    -- A clock that was set back makes a time negative.
    THEN CASE WHEN sent_at - created_at < interval '1 millisecond' THEN 0 ELSE 1 END
        + floor(ln(greatest(extract(epoch FROM sent_at - created_at)::float8 * 1000, 1)) / ln(1.1))
END
"""

# {changed} has the columns of sends, and how many each row adds.
COUNT = """
INSERT INTO notifications_sendcount (
    user_id, day, took, task_id, recipient, notification_type, status, event_type, number, timed,
    is_folded
)
SELECT user_id, day, took, task_id, recipient, notification_type, status, event_type, sum(number),
       CASE WHEN took IS NULL THEN 0 ELSE sum(number) END, {is_folded}
FROM (
    SELECT user_id, notification_type, status, event_type, task_id, recipient, number,
           (created_at AT TIME ZONE 'UTC')::date AS day,
           notifications_took(event_type, created_at, sent_at, earlier_attempt_count) AS took
    FROM ({changed}) AS changed
) AS counted
GROUP BY GROUPING SETS (
    (notification_type, status, event_type, day, took),
    (notification_type, status, event_type, day, took, user_id),
    (notification_type, status, event_type, task_id, recipient, user_id),
    (notification_type, status, event_type, user_id)
)
HAVING sum(number) <> 0
"""

#: For each event, the transition tables of its trigger and what they say of the counts.
TRIGGERS = {
    "INSERT": ("NEW TABLE AS added", "SELECT *, 1 AS number FROM added"),
    "DELETE": ("OLD TABLE AS removed", "SELECT *, -1 AS number FROM removed"),
    "UPDATE": (
        "OLD TABLE AS removed NEW TABLE AS added",
        "SELECT *, 1 AS number FROM added UNION ALL SELECT *, -1 AS number FROM removed",
    ),
}


def create(event: str) -> str:
    """Return the statements that have `event` counted."""
    tables, changed = TRIGGERS[event]
    name = f"notifications_count_{event.lower()}"
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {COUNT.format(changed=changed, is_folded="false")};
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER count_{event.lower()} AFTER {event} ON notifications_notificationsend
        REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
    """


def drop(event: str) -> str:
    """Return the statements that undo `create`."""
    return f"""
        DROP TRIGGER count_{event.lower()} ON notifications_notificationsend;
        DROP FUNCTION notifications_count_{event.lower()}();
    """


# One statement, so that it sees the sends and the counts as of one moment. What has many classes of
# times is left for `notifications.counts.fold` to divide.
RECOUNT = f"""
CREATE FUNCTION notifications_recount() RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM notifications_sendcount RETURNING *
    ), counted AS (
        {COUNT.format(
            changed="SELECT *, 1 AS number FROM notifications_notificationsend",
            is_folded="day IS NULL OR count(*) OVER (PARTITION BY user_id, day) <= 8",
        )}
        RETURNING *
    ), compared AS (
        SELECT *, number AS more, timed AS more_timed FROM counted
        UNION ALL SELECT *, -number, -timed FROM gone
    ), wrong AS (
        SELECT FROM compared
        GROUP BY user_id, day, task_id, recipient, notification_type, status, event_type
        HAVING sum(more) <> 0
        UNION ALL
        SELECT FROM compared
        GROUP BY user_id, day, took, notification_type, status, event_type
        HAVING sum(more_timed) <> 0
    )
    SELECT count(*) FROM wrong
$$
"""


class Migration(migrations.Migration):

    dependencies = [("notifications", "0006_indexes_of_lists")]

    operations = [
        migrations.CreateModel(
            name="SendCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_id", models.UUIDField(null=True)),
                ("day", models.DateField(null=True)),
                ("task_id", models.UUIDField(null=True)),
                ("recipient", models.TextField(null=True)),
                ("notification_type", models.CharField(choices=[("email", "Email"), ("webhook", "Webhook")], max_length=7)),
                ("status", models.CharField(choices=[("queued", "Queued"), ("retrying", "Retrying"), ("sent", "Sent"), ("failed", "Failed"), ("skipped", "Skipped"), ("delivered", "Delivered"), ("bounced", "Bounced"), ("complained", "Complained")], max_length=10)),
                ("event_type", models.CharField(choices=[("task.condition_met", "Condition Met"), ("task.failing", "Failing"), ("task.recovered", "Recovered"), ("task.warning", "Warning"), ("webhook.switched_off", "Switched Off")], max_length=30)),
                ("took", models.SmallIntegerField(null=True)),
                ("number", models.IntegerField()),
                ("timed", models.IntegerField()),
                ("is_folded", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(models.F("user_id"), models.F("day"), models.F("task_id"), name="send_count", condition=models.Q(("number", 0), _negated=True)),
                    models.Index(fields=["user_id", "day"], name="send_count_timed", include=["took", "timed"], condition=models.Q(("timed", 0), _negated=True)),
                    models.Index(models.F("user_id"), name="send_count_unfolded", condition=models.Q(("is_folded", False))),
                    models.Index(models.F("status"), name="send_count_unfinished", condition=models.Q(("status__in", ("queued", "retrying")), ("user_id", None))),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("day", None), models.Q(("recipient", None), ("task_id", None)), _connector="OR"), name="send_count_by_day_or_task"),
                    models.CheckConstraint(condition=models.Q(models.Q(("recipient", None), ("task_id", None)), models.Q(("recipient__isnull", False), ("task_id__isnull", False)), _connector="OR"), name="send_count_by_task_and_recipient"),
                ],
            },
        ),
        migrations.RunSQL(TOOK, "DROP FUNCTION notifications_took(text, timestamptz, timestamptz, smallint)"),
        *(migrations.RunSQL(create(event), drop(event)) for event in TRIGGERS),
        # Creating the triggers has locked out other writers until this commits.
        migrations.RunSQL(RECOUNT, "DROP FUNCTION notifications_recount()"),
        migrations.RunSQL("SELECT notifications_recount()", migrations.RunSQL.noop),
    ]
