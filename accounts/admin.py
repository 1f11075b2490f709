"""Users, their addresses and API keys in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import APIKey, EmailAddress, User
from torale.admin import ReadOnly, log_changes

admin.site.unregister(Group)


class UserForm(UserChangeForm):
    """The form of a user's page. Django's own form breaks when a user has no username."""

    class Meta(UserChangeForm.Meta):
        model = User
        field_classes: dict[str, type] = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Users. They are created here or at the first start, and deactivated rather than deleted."""

    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "first_name", "username", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "username"]
    ordering = ["email"]
    show_full_result_count = False
    readonly_fields = ["id", "created_at", "last_login"]
    fieldsets = [
        (None, {"fields": ["id", "email", "password"]}),
        ("Person", {"fields": ["first_name", "username", "has_seen_welcome", "wants_notices"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]
    filter_horizontal = ["user_permissions"]


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly, ModelAdmin):
    """Email addresses, read-only and without their codes: only their users can verify them."""

    list_display = ["email", "user", "verified_at", "tries", "code_expires_at", "created_at"]
    list_select_related = ["user"]
    list_filter = [("verified_at", admin.EmptyFieldListFilter)]
    search_fields = ["email", "user__email"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = list_display


@admin.register(APIKey)
class APIKeyAdmin(ModelAdmin):
    """API keys. The admin shows and revokes them; only users create them."""

    list_display = ["name", "prefix", "user", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "prefix", "user__email"]
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["revoke_api_keys"]
    exclude = ["digest"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: a new key's secret is shown only to its user."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: APIKey | None = None) -> bool:
        """Return False: a key is never edited."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may revoke the keys of any user."""
        return request.user.has_perm("accounts.revoke_apikey")

    @admin.action(description="Revoke the selected API keys", permissions=["revoke"])
    @transaction.atomic
    def revoke_api_keys(self, request: HttpRequest, queryset: QuerySet[APIKey]) -> None:
        """Revoke the keys in `queryset` that are not revoked yet, and log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        keys = APIKey.objects.filter(pk__in=selected, revoked_at=None).order_by("pk")
        active = [*keys.select_for_update()]
        for key in active:
            key.revoke()
        log_changes(request, active, "Revoked.")
        self.message_user(request, f"Revoked {len(active)} of {len(selected)} API keys.")
