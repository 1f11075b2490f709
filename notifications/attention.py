"""What needs the operator: what is wrong, and what to do about it; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from notifications.metrics import DeliveryStatus, shown_count
from tasks.metrics import VisitStatus
from torale.queue import LATE_AFTER, QueueStatus
from torale.schema import Comparison, Standing


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person."""

    #: What it is about, in a word or two.
    about: str
    #: What is wrong, as a sentence.
    what: str
    #: What to do, as a sentence that begins in lower case.
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} Do: {self.remedy}"


#: What to do if work waits for its worker.
START_A_WORKER = "see that a worker runs and has CPU time left; if so, start another one."
FIELD_KEY = "add the key that encrypted them to the end of TORALE_FIELD_KEYS."


def of_another_version(compared: Comparison) -> Need | None:
    """Return what a person must do if this version does not work with the database's tables."""
    if compared.standing in (Standing.FITS, Standing.AHEAD):
        return None
    return Need("migrations", compared.text, compared.remedy)


def reasons(*, visits: VisitStatus, queue: QueueStatus, delivery: DeliveryStatus) -> Iterator[Need]:
    """Yield each thing that needs a person.

    A cause comes before what it causes. Webhooks that fail are left out, because their owners are
    told, and so is what waits for a slow server, because no operator can change that.
    """
    if visits.is_scheduler_late:
        yield Need("scheduler", _last_run(visits), _wake_the_scheduler(queue))
    if late := _late(visits.waiting_for_worker_s):
        yield Need("visits", f"Visits are late, the longest by {late}.", START_A_WORKER)
    if late := _late(queue.oldest_due_s):
        yield Need("jobs", f"Jobs of the queue are late, the longest by {late}.", START_A_WORKER)
    if late := _late(delivery.waiting_for_worker_s):
        yield Need("sends", f"Notifications are late, the longest by {late}.", START_A_WORKER)
    if queue.not_made_up_for:
        yield Need(
            "failed jobs",
            f"{_counted(queue.not_made_up_for, 'job')} failed, the last of them "
            f"{', '.join(queue.last_failed)}.",
            "read the error in the worker's log and remove its cause; then retry or delete the "
            'job, as "The queue" in docs/debugging.md says.',
        )
    if delivery.mail_refused:
        error = delivery.mail_error.rstrip(".")
        yield Need(
            "emails",
            f"{shown_count(delivery.mail_refused)} {_plural('email', delivery.mail_refused)} "
            f"cannot leave: {error}.",
            "see that EMAIL_URL is right and the mail server works. Emails that wait are "
            "attempted again by themselves.",
        )
    if delivery.undecryptable:
        yield Need(
            "secrets of sends",
            f"The secrets of {shown_count(delivery.undecryptable)} "
            f"{_plural('notification', delivery.undecryptable)} cannot be decrypted.",
            FIELD_KEY,
        )
    if visits.undecryptable:
        yield Need(
            "secrets of tasks",
            f"The request headers of {_counted(visits.undecryptable, 'task')} cannot be decrypted.",
            FIELD_KEY,
        )


def _last_run(visits: VisitStatus) -> str:
    if visits.since_last_run is None:
        return "Due tasks have never been started."
    return f"Due tasks were last started {_time(visits.since_last_run)} ago."


def _wake_the_scheduler(queue: QueueStatus) -> str:
    if queue.has_workers:
        return "read the log of the worker; one runs, but starts no tasks."
    return "start a worker (`manage.py worker`); none runs."


def _late(seconds: float) -> str:
    """Return how late something is, or nothing if that is no reason to worry."""
    late = timedelta(seconds=seconds)
    return _time(late) if late > LATE_AFTER else ""


def _time(time: timedelta) -> str:
    """Return hours, minutes and seconds, and days before them if there are any."""
    return str(timedelta(seconds=int(time.total_seconds())))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {_plural(noun, count)}"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
