"""The link in each email that switches that task's email off (RFC 8058)."""

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer

from tasks.models import Task

# What links in earlier emails are signed with: it does not follow the module.
SALT = "notifications.unsubscribe"


def url_for(task_id: Any) -> str:
    """Return the address that switches the task's email off; whoever has it may."""
    return f"{settings.TORALE_URL}/unsubscribe/{Signer(salt=SALT).sign(str(task_id))}"


def mute(token: str) -> Task | None:
    """Have the task of a link's token send no more email and return it; None as for task_for."""
    task = task_for(token)
    if task is not None:
        task.mute()
    return task


def task_for(token: str) -> Task | None:
    """Return the task that a link's token is for; None if it is forged or the task is gone."""
    try:
        return Task.objects.filter(pk=Signer(salt=SALT).unsign(token)).first()
    except BadSignature:
        return None
