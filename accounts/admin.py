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
    """The form of a user's page; a user needs no username, for which Django's own form breaks."""

    class Meta(UserChangeForm.Meta):
        model = User
        field_classes: dict[str, type] = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Users: made here or by the first start, switched off rather than deleted."""

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
        ("Person", {"fields": ["first_name", "username", "has_seen_welcome"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]
    filter_horizontal = ["user_permissions"]


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly, ModelAdmin):
    """Verified addresses: only their users can prove them, so they are read here, without codes."""

    list_display = ["email", "user", "verified_at", "tries", "code_expires_at", "created_at"]
    list_select_related = ["user"]
    list_filter = [("verified_at", admin.EmptyFieldListFilter)]
    search_fields = ["email", "user__email"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = list_display


@admin.register(APIKey)
class APIKeyAdmin(ModelAdmin):
    """API keys: seen, and revoked by their users or by `revoke_api_keys`; never made here."""

    list_display = ["name", "prefix", "user", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "prefix", "user__email"]
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["revoke_api_keys"]
    exclude = ["digest"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A key's secret is shown to its user only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: APIKey | None = None) -> bool:
        """A key is never edited."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the user may revoke anybody's keys."""
        return request.user.has_perm("accounts.revoke_apikey")

    @admin.action(description="Revoke the selected API keys", permissions=["revoke"])
    @transaction.atomic
    def revoke_api_keys(self, request: HttpRequest, queryset: QuerySet[APIKey]) -> None:
        """Revoke those of `queryset` that are not revoked yet; log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        keys = APIKey.objects.filter(pk__in=selected, revoked_at=None).order_by("pk")
        active = [*keys.select_for_update()]
        for key in active:
            key.revoke()
        log_changes(request, active, "Revoked.")
        self.message_user(request, f"Revoked {len(active)} of {len(selected)} API keys.")
