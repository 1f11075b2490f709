"""Addresses that get no more mail, in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from notifications.models import EmailSuppression


@admin.register(EmailSuppression)
class EmailSuppressionAdmin(ModelAdmin):
    """Addresses that get no more mail; deleting one lets mail through again."""

    list_display = ["address", "reason", "created_at"]
    list_filter = ["reason"]
    search_fields = ["address"]
    ordering = ["-created_at"]
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """An entry is made or deleted, never edited."""
        return False
