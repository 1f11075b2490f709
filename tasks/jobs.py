"""The app's queue jobs. Each makes one call."""

from uuid import UUID

from procrastinate.contrib.django import app

from tasks import preview, schedule
from torale import clock, scheduler


@app.task(name=preview.JOB, queue=preview.QUEUE)
async def run_preview(preview_id: str) -> None:
    """Make one preview."""
    await preview.run(UUID(preview_id))


@app.periodic(cron="* * * * * */2")
@app.task(name="start_due_tasks", queueing_lock="start_due_tasks")
def start_due_tasks(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Start what is due, recover what a dead worker left, and record that the scheduler ran."""
    schedule.recover(now=clock.now())
    while schedule.start_due(now=clock.now()) == schedule.TASKS_AT_ONCE:
        pass
    scheduler.note_run()


@app.periodic(cron="* * * * *")
@app.task(name="forget_previews", queueing_lock="forget_previews")
def forget_previews(timestamp: int) -> None:  # noqa: ARG001
    """Delete the previews whose result is no longer shown."""
    preview.forget_expired(now=clock.now())
