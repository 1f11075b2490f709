"""The jobs of the queue: each makes one call."""

from datetime import timedelta

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app

from notifications.counts import fold
from notifications.prune import prune
from torale import clock


@app.periodic(cron="17 3 * * *")
@app.task(name="prune_sends", queueing_lock="prune_sends", pass_context=True)
def prune_sends(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate's
    """Forget old sends, if the operator wants that; ends early when its worker is stopped."""
    if settings.TORALE_RETENTION_DAYS:
        older_than = timedelta(days=settings.TORALE_RETENTION_DAYS)
        prune(older_than=older_than, now=clock.now(), must_end=context.should_abort)


@app.periodic(cron="* * * * * */10")
@app.task(name="fold_counts", queueing_lock="fold_counts", pass_context=True)
def fold_counts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate's
    """Keep the counts of sends few; ends early when its worker is stopped."""
    fold(must_end=context.should_abort)
