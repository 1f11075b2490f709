"""What the apps' admins share: read-only records, and the log of what actions changed."""

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest


class ReadOnly:
    """An admin in which nobody can add, change or delete rows."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to add rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to change rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to delete rows."""
        return False


def log_changes(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Record in the admin's log, for each of `rows`, that the request's user changed it.

    Args:
        request: the request that made the change.
        rows: the rows that were changed.
        message: what was changed.

    Raises:
        PermissionDenied: the request has no user.
    """
    if not isinstance(request.user, get_user_model()):
        raise PermissionDenied
    LogEntry.objects.log_actions(
        user_id=request.user.pk,
        queryset=rows,
        action_flag=CHANGE,
        change_message=message,
    )
