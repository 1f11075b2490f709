"""What the apps' admins share: records that are only read, and the log of what actions changed."""

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest


class ReadOnly:
    """An admin whose rows nobody adds, changes or deletes by hand."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody may."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody may."""
        return False


def log_changes(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Write into the admin's log, for each of `rows`, that the caller changed it, and how."""
    if not isinstance(request.user, get_user_model()):
        raise PermissionDenied
    LogEntry.objects.log_actions(
        user_id=request.user.pk,
        queryset=rows,
        action_flag=CHANGE,
        change_message=message,
    )
