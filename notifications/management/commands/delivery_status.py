"""`manage.py delivery_status`: how delivery is doing."""

from typing import Any

from django.core.management.base import BaseCommand

from notifications.metrics import delivery_status, endpoints_in_trouble
from torale import clock


class Command(BaseCommand):
    """One screen for the operator."""

    help = "Print queue depth, the longest wait, the rate, and which webhooks fail."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Print."""
        status = delivery_status(now=clock.now())
        self.stdout.write(
            f"Queued           {status.queued}\n"
            f"Retrying         {status.retrying}\n"
            f"Due now          {status.due}, the longest for {status.oldest_due_s:.0f} s\n"
            f"Last minute      {status.succeeded_a_minute} accepted, "
            f"{status.failed_a_minute} not\n"
            f"Webhooks         {status.failing_endpoints} failing, "
            f"{status.switched_off_endpoints} switched off"
        )
        for endpoint in endpoints_in_trouble():
            off = f", switched off, because {endpoint.switched_off_because}"
            self.stdout.write(
                f"  {endpoint.url} since {endpoint.failing_since:%Y-%m-%d %H:%M}"
                f"{off if endpoint.switched_off_at else ''}"
            )
