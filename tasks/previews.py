"""The Preview model: a question that a user tries without creating a task."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from executions.monitors import Question
from torale.fields import EncryptedJSONField, kept
from torale.uuid7 import uuid7


class PreviewStatus(models.TextChoices):
    """The state of a preview, in the words of the API's contract."""

    #: Waits for a worker.
    PENDING = "pending"
    #: A worker visits the pages.
    RUNNING = "running"
    #: At least one page was read.
    SUCCESS = "success"
    #: Nothing could be read; the error says why.
    FAILED = "failed"


UNFINISHED_PREVIEW = (PreviewStatus.PENDING, PreviewStatus.RUNNING)


class PreviewQuerySet(models.QuerySet["Preview"]):
    """Queries for previews."""

    def for_user(self, user: User) -> Self:
        """Keep the previews of `user`."""
        return self.filter(user=user)

    def kept(self, now: datetime) -> Self:
        """Keep those that are still shown."""
        return self.filter(expires_at__gt=now)

    def unfinished(self) -> Self:
        """Keep those that have no result yet."""
        return self.filter(status__in=UNFINISHED_PREVIEW)


class Preview(models.Model):
    """A question that a user tries, and for ten minutes what came of it."""

    #: How long a result is shown, and how long one is waited for.
    KEPT_FOR = timedelta(minutes=10)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="previews", db_index=False)
    search_query = models.TextField(max_length=2000)
    condition_description = models.TextField(max_length=2000)
    #: Sent with each visit; null if there are none, and once the preview has ended.
    request_headers = EncryptedJSONField(null=True)
    status = models.CharField(max_length=7, choices=PreviewStatus, default=PreviewStatus.PENDING)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    #: The monitor's preview as plain JSON; null if there is none.
    result = models.JSONField(null=True)
    error_message = models.TextField(null=True)

    objects = PreviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PreviewStatus.values), name="preview_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status=PreviewStatus.SUCCESS, result__isnull=False)
                | (~Q(status=PreviewStatus.SUCCESS) & Q(result=None)),
                name="preview_result_only_on_success",
            ),
            models.CheckConstraint(
                condition=Q(status=PreviewStatus.FAILED, error_message__isnull=False)
                | (~Q(status=PreviewStatus.FAILED) & Q(error_message=None)),
                name="preview_error_only_on_failure",
            ),
        ]
        indexes = [
            # Read when a preview is requested: how many of the user's are unfinished.
            models.Index(
                "user", name="preview_unfinished", condition=Q(status__in=UNFINISHED_PREVIEW)
            ),
            # Read by the job that deletes the old ones.
            models.Index("expires_at", name="preview_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%Y-%m-%d %H:%M:%S}"

    def question(self, *, now: datetime) -> Question:
        """Return the question that is tried."""
        return Question(
            search_query=self.search_query,
            condition_description=self.condition_description,
            last_known_state=None,
            asker=str(self.user_id),
            networks=self.user.networks(),
            request_headers=kept(self, "request_headers") or {},
            asked_at=now,
        )

    def begin(self) -> None:
        """Store that a worker visits the pages."""
        self.status = PreviewStatus.RUNNING
        self.save(update_fields=["status"])

    def end(self, *, result: dict[str, Any] | None, error: str | None, now: datetime) -> None:
        """Store what came of it; it is shown from `now` on for ten minutes.

        Args:
            result: the monitor's preview as plain JSON; None if there is none.
            error: why there is none.
            now: the time.
        """
        self.status = PreviewStatus.FAILED if result is None else PreviewStatus.SUCCESS
        self.result, self.error_message, self.request_headers = result, error, None
        self.expires_at = now + self.KEPT_FOR
        self.save(
            update_fields=["status", "result", "error_message", "request_headers", "expires_at"]
        )
