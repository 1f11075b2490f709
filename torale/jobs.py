"""Jobs for maintenance that concerns all apps."""

import structlog
from asgiref.sync import sync_to_async
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from torale import clock, limits
from torale.queue import STALLED_AFTER_S

logger = structlog.get_logger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Retry the jobs whose worker died: procrastinate finds them, but does not retry them."""
    manager = context.app.job_manager
    now = await sync_to_async(clock.now)()
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
        try:
            await manager.retry_job(job, retry_at=now)
        except ConnectorException as error:  # such as a job that ended just now
            logger.warning("stalled_job_not_retried", job_id=job.id, error=str(error))


@app.periodic(cron="41 3 * * *")
@app.task(name="forget_old_usage", queueing_lock="forget_old_usage")
def forget_old_usage(timestamp: int) -> None:  # noqa: ARG001
    """Delete the counts of limits whose window has ended."""
    limits.forget_old(now=clock.now())
