"""The app's queue jobs. Each makes one call."""

from uuid import UUID

from procrastinate.contrib.django import app

from tasks import preview, run, schedule
from torale import clock, scheduler


@app.task(name=run.JOB)
async def run_execution(execution_id: str) -> None:
    """Ask one execution's question."""
    await run.run(UUID(execution_id))


@app.task(name=preview.JOB, queue=preview.QUEUE)
async def run_preview(preview_id: str) -> None:
    """Make one preview."""
    await preview.run(UUID(preview_id))


@app.periodic(cron="* * * * * */5")
@app.task(name="start_due_tasks", queueing_lock="start_due_tasks")
def start_due_tasks(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Start the tasks whose visit is due, and record that the scheduler ran."""
    while schedule.start_due(now=clock.now()) == schedule.TASKS_AT_ONCE:
        pass
    scheduler.note_run()


@app.periodic(cron="* * * * *")
@app.task(name="recover_executions", queueing_lock="recover_executions")
def recover_executions(timestamp: int) -> None:  # noqa: ARG001
    """Wake the executions that a dead worker left behind."""
    schedule.recover(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="forget_previews", queueing_lock="forget_previews")
def forget_previews(timestamp: int) -> None:  # noqa: ARG001
    """Delete the previews whose result is no longer shown."""
    preview.forget_expired(now=clock.now())
