"""The app's queue job."""

from datetime import timedelta

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app

from executions.prune import prune
from torale import clock


@app.periodic(cron="29 3 * * *")
@app.task(name="prune_executions", queueing_lock="prune_executions", pass_context=True)
def prune_executions(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate's
    """Delete old executions as the settings say; ends early when its worker is stopped."""
    kept_days = {False: settings.TORALE_EXECUTION_DAYS, True: settings.TORALE_RETENTION_DAYS}
    for has_notification, days in kept_days.items():
        if days:
            prune(
                older_than=timedelta(days=days),
                now=clock.now(),
                has_notification=has_notification,
                must_end=context.should_abort,
            )
