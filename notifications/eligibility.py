"""Send -> why it must not be attempted, if so; the sentence that its record keeps."""

from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import Lower

from notifications.models import EmailSuppression, NotificationSend, Payload, WebhookConfig
from notifications.models.send import NotificationSendQuerySet
from tasks.models import Task

UNSUBSCRIBED = (
    "Somebody has unsubscribed from this task's emails. Naming an email in the task's "
    "`notifications` ends that."
)
PRUNED = "What it carried is no longer kept (see TORALE_RETENTION_DAYS)."


def with_hindrances(sends: NotificationSendQuerySet) -> NotificationSendQuerySet:
    """Load along what `hindrance` looks at."""
    barred = EmailSuppression.objects.filter(address=Lower(OuterRef("recipient")))
    return sends.select_related("endpoint").annotate(
        barred_address=Subquery(barred.values("address")),
        is_pruned=~Exists(Payload.objects.filter(send=OuterRef("pk"))),
        is_of_muted_task=Exists(Task.objects.filter(pk=OuterRef("task_id"), is_muted=True)),
        default_webhook_is_enabled=F("user__webhook_config__is_enabled"),
    )


def hindrance(send: NotificationSend) -> str | None:
    """Return why `send`, from `with_hindrances`, must not be attempted; None if it may."""
    if send.endpoint:
        if send.is_for_default_webhook and send.default_webhook_is_enabled is False:  # type: ignore[attr-defined]
            return WebhookConfig.WHY_OFF
        if send.endpoint.switched_off_at:
            return send.endpoint.why_off()
    elif suppression := EmailSuppression.objects.filter(pk=send.barred_address).first():  # type: ignore[attr-defined]
        return suppression.why()
    elif send.is_of_muted_task:  # type: ignore[attr-defined]
        return UNSUBSCRIBED
    return PRUNED if send.is_pruned else None  # type: ignore[attr-defined]
