"""Find what an id belongs to, and explain it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from accounts.models import User
from accounts.verification import is_verified
from executions.models import Execution, ExecutionStatus
from notifications.models import NotificationSend
from notifications.models.send import DAY, NotificationSendQuerySet
from notifications.why import outlook, verdict
from notifications.why.sends import Story, stories
from notifications.why.values import About, Chapter, Explanation, Kind, moment, upper_first
from notifications.why.visits import Visit
from tasks.models import Task

#: How many of a task's newest executions are explained.
MOST_VISITS = 5
#: How many of the newest sends of a deleted task are explained.
MOST_SENDS_OF_DELETED = 10


class UnknownId(Exception):
    """No task, execution or send has the id, and no send names it.

    Args:
        wanted: the id.
    """

    def __init__(self, wanted: UUID) -> None:
        super().__init__(
            f"No task, execution or send has the id {wanted}, and no send names it. Either it is "
            "mistyped, or the record is no longer kept (TORALE_EXECUTION_DAYS, "
            "TORALE_RETENTION_DAYS)."
        )


def explain(wanted: UUID, *, now: datetime, user: User | None = None) -> Explanation:
    """Explain the task, execution or send that has an id.

    Sends outlive their task and execution. The id of one that has been deleted is explained by the
    sends that name it.

    Args:
        wanted: the id.
        now: the time.
        user: whose it must be; None looks among those of all users.

    Raises:
        UnknownId: nothing has this id.
    """
    tasks, executions = Task.objects.all(), Execution.objects.all()
    sends = NotificationSend.objects.all()
    if user is not None:
        tasks, executions = tasks.for_user(user), executions.for_user(user)
        sends = sends.for_user(user)
    if task := tasks.filter(pk=wanted).select_related("user").first():
        return explain_task(task, now=now)
    if execution := executions.filter(pk=wanted).select_related("task__user").first():
        return explain_execution(execution, now=now)
    if send := sends.filter(pk=wanted).first():
        return explain_send(send, now=now)
    return _explain_deleted(wanted, sends, now=now)


def explain_task(task: Task, *, now: datetime) -> Explanation:
    """Explain how a task is doing, who would be told now, and its newest visits.

    Args:
        task: the task, with its user.
        now: the time.
    """
    executions = [*Execution.objects.of_task(task.pk)[:MOST_VISITS]]
    unverified = _unverified(task)
    told = _told_by(executions, unverified)
    visits = [_visit(task, execution, executions) for execution in executions]
    about = About(task_id=task.pk)
    if untold := outlook.untold(task=task, executions=executions, now=now):
        answer, kind = untold
    else:
        answer, kind = _verdict(visits[0], told, now=now)
        answer = f"Newest visit ({moment(executions[0].created_at)}): {answer}"
    return Explanation(
        subject=f"The task “{task.name}”",
        verdict=answer,
        kind=kind,
        about=about,
        chapters=(
            Chapter(
                title="The task now",
                decisions=tuple(outlook.standing(task=task, executions=executions, now=now)),
                about=about,
            ),
            Chapter(
                title="If the condition were met now",
                decisions=tuple(outlook.if_met_now(task=task, unverified=unverified, now=now)),
                about=about,
            ),
            *(chapter for visit in visits for chapter in _chapters(visit, told, now=now)),
        ),
    )


def explain_execution(execution: Execution, *, now: datetime) -> Explanation:
    """Explain what a visit saw, and who was told.

    Args:
        execution: the execution, with its task and the task's user.
        now: the time.
    """
    task: Task = execution.task
    told = _told_by([execution], _unverified(task))
    visit = _visit(task, execution, Execution.objects.replacing(execution))
    answer, kind = _verdict(visit, told, now=now)
    return Explanation(
        subject=f"{visit.title} of the task “{task.name}”",
        verdict=answer,
        kind=kind,
        about=visit.about,
        chapters=(*_chapters(visit, told, now=now), _task_now(task, now=now)),
    )


def explain_send(send: NotificationSend, *, now: datetime) -> Explanation:
    """Explain what became of a send, and the visit that led to it if that is still kept.

    Args:
        send: the send.
        now: the time.
    """
    task = Task.objects.select_related("user").filter(pk=send.task_id).first()
    execution = Execution.objects.filter(pk=send.execution_id).first()
    [story] = stories(
        NotificationSend.objects.filter(pk=send.pk),
        has_task=task is not None,
        executions=[send.execution_id] if execution else [],
        unverified=_unverified(task) if task else None,
    )
    visit = _visit(task, execution, []) if task and execution else None
    return Explanation(
        subject=f"{upper_first(story.whom)} about the task “{send.task_name}”",
        verdict=verdict.of_send(story),
        kind=story.kind,
        about=story.about(),
        chapters=(
            *([_chapter(visit, now=now)] if visit else []),
            story.chapter(now=now),
            *([_task_now(task, now=now)] if task else []),
        ),
    )


def _explain_deleted(
    wanted: UUID, sends: NotificationSendQuerySet, *, now: datetime
) -> Explanation:
    """Explain a task or an execution that is no longer kept, by the sends that name it."""
    of_execution = sends.filter(execution_id=wanted).order_by("pk")
    if first := of_execution.first():
        task = Task.objects.filter(pk=first.task_id).first()
        found = stories(of_execution, has_task=task is not None)
        subject, gone = f"A visit of the task “{first.task_name}”", "The visit"
        about = About(task_id=task.pk if task else None)
    else:
        # All of a task's sends are of one user; given this user, an index has them in order.
        of_task = sends.filter(task_id=wanted)
        owner = of_task.order_by("user").values_list("user", flat=True).first()
        if owner is None:
            raise UnknownId(wanted)
        newest_first = of_task.filter(user=owner).order_by(DAY.desc(), "-created_at", "-id")
        found = stories(newest_first, has_task=False, most=MOST_SENDS_OF_DELETED)
        subject, gone = f"The task “{found[0].send.task_name}”", "The task"
        about = About()
    newest = [each for each in found if each.send.execution_id == found[0].send.execution_id]
    answer, kind = verdict.of_stories(newest)
    return Explanation(
        subject=subject,
        verdict=f"{gone} is no longer kept, only the record of its sends. {answer}",
        kind=kind,
        about=about,
        chapters=tuple(story.chapter(now=now) for story in found),
    )


def _task_now(task: Task, *, now: datetime) -> Chapter:
    newest = [*Execution.objects.of_task(task.pk)[:1]]
    return Chapter(
        title="The task now",
        decisions=tuple(outlook.standing(task=task, executions=newest, now=now)),
        about=About(task_id=task.pk),
    )


def _visit(task: Task, execution: Execution, others: Iterable[Execution]) -> Visit:
    """Return a visit; `others` may have the execution that has replaced it."""
    replaced_by = None
    if execution.status == ExecutionStatus.CANCELLED:
        found = (each for each in others if each.created_at == execution.completed_at)
        replaced_by = next(found, None)
    return Visit(execution=execution, task=task, replaced_by=replaced_by)


def _unverified(task: Task) -> str | None:
    """Return the address that `task` names if mail does not go to it, as it is not verified."""
    address = task.notification_email
    return address if address and not is_verified(user=task.user, email=address) else None


def _told_by(executions: Sequence[Execution], unverified: str | None) -> list[Story]:
    ids = [execution.pk for execution in executions]
    if not ids:
        return []
    # Not by time or id: for a limited number in that order, PostgreSQL might read the sends of all.
    sends = NotificationSend.objects.filter(execution_id__in=ids).order_by("execution_id", "pk")
    return stories(sends, has_task=True, executions=ids, unverified=unverified)


def _of(visit: Visit, told: Sequence[Story]) -> list[Story]:
    return [story for story in told if story.send.execution_id == visit.execution.pk]


def _verdict(visit: Visit, told: Sequence[Story], *, now: datetime) -> tuple[str, Kind]:
    kept_for = timedelta(days=settings.TORALE_RETENTION_DAYS)
    return verdict.of_visit(visit, _of(visit, told), kept_for=kept_for, now=now)


def _chapter(visit: Visit, *, now: datetime) -> Chapter:
    return Chapter(title=visit.title, decisions=tuple(visit.decisions(now=now)), about=visit.about)


def _chapters(visit: Visit, told: Sequence[Story], *, now: datetime) -> list[Chapter]:
    return [_chapter(visit, now=now), *(story.chapter(now=now) for story in _of(visit, told))]
