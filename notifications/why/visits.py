"""What was decided at a visit: when it looked, what it saw, and whether the condition was met."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from executions.failures import RETRY_PLANS, FailureKind
from executions.models import OPEN, Execution, ExecutionStatus
from executions.pages.verdict import STILL
from notifications.why.values import About, Decision, Kind, counted, ended, moment, quoted, span
from tasks.models import Task
from tasks.notices import ADVICE
from tasks.run import REPEATED
from torale.queue import LATE_AFTER

NO_EVIDENCE = "What was seen is not kept."
FORCED = "Another one was started by force before it had ended."
SUPPRESSED = (
    "The condition was met, but nobody was told, because the visit was started with "
    "suppress_notifications."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An execution with its task."""

    execution: Execution
    task: Task
    #: The execution that took its place, if it was cancelled and that one is still kept.
    replaced_by: Execution | None = None

    @property
    def about(self) -> About:
        """The ids."""
        return About(task_id=self.task.pk, execution_id=self.execution.pk)

    @property
    def title(self) -> str:
        """The chapter's title."""
        return f"The visit of {moment(self.execution.created_at)}"

    @property
    def evidence(self) -> str:
        """What was seen."""
        return quoted((self.execution.result or {}).get("evidence") or NO_EVIDENCE)

    @property
    def is_still_true(self) -> bool:
        """Whether what was seen had been told before, on any of the pages."""
        evidence = (self.execution.result or {}).get("evidence") or ""
        pages = [f"{source['url']}: " for source in self.execution.grounding_sources]
        return any(
            paragraph.startswith((STILL, *(page + STILL for page in pages)))
            for paragraph in evidence.split("\n\n")
        )

    @property
    def repeats_telling(self) -> bool:
        """Whether the task had told the same before."""
        evidence = (self.execution.result or {}).get("evidence") or ""
        return evidence.rpartition("\n\n")[2].startswith(REPEATED)

    def decision(self, title: str, sentence: str, kind: Kind, *, at: datetime | None) -> Decision:
        """Return a decision about this visit."""
        return Decision(at=at, title=title, sentence=sentence, kind=kind, about=self.about)

    def decisions(self, *, now: datetime) -> Iterator[Decision]:
        """Yield what was decided, in its order."""
        yield self._start()
        if self.execution.first_look_at:
            yield self.decision(
                "Looked once",
                "The first look found something to tell. It is told only if a second look finds "
                "it, too.",
                Kind.NEUTRAL,
                at=self.execution.first_look_at,
            )
        if self.execution.attempt_count > 1 and self.execution.status != ExecutionStatus.RETRYING:
            yield self.decision(
                f"Retried: attempt {self.execution.attempt_count}",
                f"{counted(self.execution.attempt_count - 1, 'earlier attempt')} of this visit "
                "failed, or the worker died. Only the error of the last one is kept.",
                Kind.NEUTRAL,
                at=self.execution.started_at,
            )
        yield from self._outcome(now)

    def _start(self) -> Decision:
        execution, task = self.execution, self.task
        sentence = "The visit was started"
        if not execution.notify:
            sentence += " by a call with suppress_notifications: nobody is to be told of it"
        if task.updated_at and task.updated_at > execution.created_at:
            sentence += (
                f". The task was changed later, at {moment(task.updated_at)}, so it may have had "
                "another condition then"
            )
        return self.decision("Started", f"{sentence}.", Kind.NEUTRAL, at=execution.created_at)

    def _outcome(self, now: datetime) -> Iterator[Decision]:
        match self.execution.status:
            case ExecutionStatus.SUCCESS:
                yield from self._seen()
                yield self._condition()
            case ExecutionStatus.FAILED:
                yield self._failure()
            case ExecutionStatus.CANCELLED:
                yield self._cancelled()
            case ExecutionStatus.RUNNING:
                yield self._running(now)
            case _:
                yield from self._waiting(now)

    def _seen(self) -> Iterator[Decision]:
        execution = self.execution
        if pages := execution.grounding_sources:
            read = ", ".join(f"“{quoted(page['title'])}” ({page['url']})" for page in pages)
            yield self.decision("Seen", f"Read {read}.", Kind.NEUTRAL, at=execution.completed_at)
        for page in (execution.result or {}).get("failed_pages", []):
            yield self.decision(
                "A page could not be read",
                ended(quoted(page["error"])),
                Kind.BAD,
                at=execution.completed_at,
            )

    def _condition(self) -> Decision:
        execution = self.execution
        if execution.notification is not None:
            title, kind = "Condition met", Kind.GOOD
        elif self.is_still_true:
            title, kind = "Still true, so no news", Kind.NEUTRAL
        elif self.repeats_telling:
            title, kind = "Told before, so no news", Kind.NEUTRAL
        else:
            title, kind = "Condition not met", Kind.NEUTRAL
        return self.decision(title, ended(self.evidence), kind, at=execution.completed_at)

    def _failure(self) -> Decision:
        execution = self.execution
        kind = FailureKind(execution.failure_kind or FailureKind.SYSTEM_ERROR)
        return self.decision(
            f"Gave up: {kind}",
            f"{ended(execution.error_message or 'The visit failed')} It was attempted "
            f"{counted(execution.attempt_count, 'time')}; failures of the kind {kind} are retried "
            f"at most {counted(RETRY_PLANS[kind].retries, 'time')} at one visit. {ADVICE[kind]}",
            Kind.BAD,
            at=execution.completed_at,
        )

    def _cancelled(self) -> Decision:
        other = self.replaced_by
        return Decision(
            at=self.execution.completed_at,
            title="Cancelled",
            sentence=f"{FORCED} What this one might still have found was discarded.",
            kind=Kind.NEUTRAL,
            about=About(task_id=self.task.pk, execution_id=other.pk) if other else self.about,
        )

    def _running(self, now: datetime) -> Decision:
        execution = self.execution
        if execution.leased_until and execution.leased_until > now:
            return self.decision(
                "Under way",
                f"A worker has been visiting since {moment(execution.started_at)}. It has time "
                f"until {moment(execution.leased_until)}.",
                Kind.WAITING,
                at=execution.started_at,
            )
        return self.decision(
            "The worker has died",
            "The worker that began this visit has not ended it in time. A running worker makes it "
            "due again within seconds.",
            Kind.BAD,
            at=execution.leased_until,
        )

    def _waiting(self, now: datetime) -> Iterator[Decision]:
        execution = self.execution
        due_at = execution.next_attempt_at or now
        if execution.error_message and execution.failure_kind:
            kind = FailureKind(execution.failure_kind)
            yield self.decision(
                f"Attempt {execution.attempt_count} failed: {kind}",
                f"{ended(execution.error_message)} Failures of the kind {kind} are retried at most "
                f"{counted(RETRY_PLANS[kind].retries, 'time')} at one visit.",
                Kind.BAD,
                at=execution.started_at,
            )
        if due_at > now:
            sentence = f"The next attempt is due in {span(due_at - now)}."
        else:
            sentence = (
                f"It has been due for {span(now - due_at)}, and waits for a worker. At most two "
                "visits at a time call one server, and users take turns."
            )
        is_late = now - due_at > LATE_AFTER
        if is_late:
            sentence += " If no visit is begun at all, no worker runs: start one."
        is_retry = execution.status == ExecutionStatus.RETRYING
        yield self.decision(
            "Will be retried" if is_retry else "Waits for a worker",
            sentence,
            Kind.BAD if is_late else Kind.WAITING,
            at=due_at,
        )

    def untold(self) -> tuple[str, Kind] | None:
        """Return why there is nothing to tell, and its color; None if there is something."""
        execution = self.execution
        error = ended(execution.error_message) if execution.error_message else ""
        found: tuple[str, Kind] | None = None
        if execution.status in OPEN:
            sentence = "Nobody has been told yet, as the visit has not ended."
            found = f"{sentence} The last error was: {error}" if error else sentence, Kind.WAITING
        elif execution.status == ExecutionStatus.CANCELLED:
            found = f"Nobody was told, because the visit was cancelled. {FORCED}", Kind.NEUTRAL
        elif execution.status == ExecutionStatus.FAILED:
            found = f"Nobody was told, because the visit failed: {error}", Kind.BAD
        elif execution.notification is None:
            if self.is_still_true:
                because = "the condition was met before and has been since"
            elif self.repeats_telling:
                because = "the same had been told before"
            else:
                because = "the condition was not met"
            sentence = f"Nobody was told, because {because}: {ended(self.evidence)}"
            found = sentence, Kind.NEUTRAL
        elif not execution.notify:
            found = SUPPRESSED, Kind.NEUTRAL
        return found
