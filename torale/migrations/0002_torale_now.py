"""Create `torale_now()`: the time by which all machines compare leases, due times and windows."""

from django.db import migrations

# STABLE lets PostgreSQL use an index to compare with it, and inline it. Tests change its time with
# the session's setting `torale.now`.
CREATE = """
CREATE FUNCTION torale_now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(
        nullif(current_setting('torale.now', true), '')::timestamptz, statement_timestamp()
    )
$$
"""


class Migration(migrations.Migration):

    dependencies = [("torale", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION torale_now()")]
