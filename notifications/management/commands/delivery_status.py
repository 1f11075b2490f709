"""`manage.py delivery_status`: how visits and delivery are doing."""

from typing import Any

from django.core.management.base import BaseCommand

from notifications.metrics import delivery_status, endpoints_in_trouble
from tasks.metrics import SchedulerStatus, scheduler_status
from torale import clock


class Command(BaseCommand):
    """One screen for the operator; ends with 0 whatever it shows."""

    help = "Print whether the scheduler is late, queues and waits, and which webhooks fail."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        now = clock.now()
        visits, status = scheduler_status(now=now), delivery_status(now=now)
        self.stdout.write(
            f"Scheduler        {last_run(visits)}\n"
            f"Tasks            {visits.overdue} overdue, the longest for "
            f"{visits.oldest_overdue_s:.0f} s\n"
            f"Jobs             {visits.jobs_waiting} waiting, {visits.jobs_failed} failed\n"
            f"Queued           {status.queued}\n"
            f"Retrying         {status.retrying}\n"
            f"Due now          {status.due}, the longest for {status.oldest_due_s:.0f} s\n"
            f"Undecryptable    {status.undecryptable}\n"
            f"Last minute      {status.succeeded_a_minute} accepted, "
            f"{status.failed_a_minute} not\n"
            f"Webhooks         {status.failing_endpoints} failing, "
            f"{status.switched_off_endpoints} switched off"
        )
        for endpoint in endpoints_in_trouble():
            off = f", switched off, because {endpoint.switched_off_because}"
            self.stdout.write(
                f"  {endpoint.shown_url} since {endpoint.failing_since:%Y-%m-%d %H:%M}"
                f"{off if endpoint.switched_off_at else ''}"
            )


def last_run(visits: SchedulerStatus) -> str:
    """Return when the scheduler ran, and what to do if that is too long ago."""
    if visits.since_last_run is None:
        return "LATE: it has never run; start a worker"
    ago = f"{visits.since_last_run.total_seconds():.0f} s ago"
    return f"LATE: it ran {ago}; see whether a worker runs" if visits.is_late else f"ran {ago}"
