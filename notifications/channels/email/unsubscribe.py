"""The link in each email that switches that task's email off (RFC 8058)."""

from typing import Any

from django.core.signing import BadSignature, Signer

from tasks.models import Task
from torale.links import link_to

# The links in emails that were sent are signed with it, so it does not change with the module.
SALT = "notifications.unsubscribe"


def url_for(task_id: Any) -> str:
    """Return the URL that mutes the task; it needs no login."""
    return link_to("unsubscribe", token=Signer(salt=SALT).sign(str(task_id)))


def mute(token: str) -> Task | None:
    """Mute the task that a link's token is for and return it; None as for `task_for`."""
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
