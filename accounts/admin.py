"""Users, their addresses and API keys in the admin."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from accounts import sign_up
from accounts.authentication import caller
from accounts.models import APIKey, EmailAddress, KeyStatus, User
from torale.admin import LongList, ReadOnly, log_changes
from torale.admin_actions import ActionsOnPage, ask_first
from torale.errors import Conflict

admin.site.unregister(Group)

#: The fields that say what a user may do; only superusers change them.
PRIVILEGES = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")
#: The name of the page on which a user gets a new password.
PASSWORD_PAGE = "auth_user_password_change"  # noqa: S105 - Django's name of a route


class UserForm(UserChangeForm):
    """The form of a user's page. Django's own form breaks when a user has no username."""

    class Meta(UserChangeForm.Meta):
        model = User
        field_classes: dict[str, type] = {}


class InviteForm(forms.Form):
    """Asks whom to invite."""

    email = forms.EmailField(max_length=254, widget=UnfoldAdminEmailInputWidget())


@admin.register(User)
class UserAdmin(ActionsOnPage, DjangoUserAdmin, LongList):  # type: ignore[type-arg, misc]
    """Users. They are created here or at the first start, and deactivated rather than deleted.

    Whoever may enter the admin is changed by superusers only. So permissions to add, change or
    switch off users are of no use to get more rights.
    """

    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "first_name", "username", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff", "groups"]
    search_fields = ["email", "username"]
    search_help_text = "Part of an email or a username; or an id"
    ordering = ["email"]
    readonly_fields = ["id", "created_at", "last_login"]
    fieldsets = [
        (None, {"fields": ["id", "email", "password"]}),
        ("Person", {"fields": ["first_name", "username", "has_seen_welcome", "wants_notices"]}),
        ("Access", {"fields": PRIVILEGES}),
        ("Times", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]
    filter_horizontal = ["groups", "user_permissions"]
    actions = ["switch_off", "switch_on"]
    actions_list = ["invite"]
    page_actions = {"switch_off": "Switch off", "switch_on": "Switch on"}
    dangerous_actions = frozenset({"switch_off"})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return the fields that the request's user cannot change."""
        own = [*super().get_readonly_fields(request, obj)]
        return own if caller(request).is_superuser else [*own, *PRIVILEGES]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the request's user may change `obj`, or give it a new password.

        Django asks the same question for both pages.
        """
        match = request.resolver_match
        if match and match.url_name == PASSWORD_PAGE:
            allowed = self.has_reset_password_permission(request)
        else:
            allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or caller(request).may_manage(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the request's user may delete `obj`."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or caller(request).may_manage(obj))

    def has_disable_permission(self, request: HttpRequest) -> bool:
        """Return whether the request's user may switch users off and on."""
        return caller(request).has_perm("accounts.disable_user")

    def has_reset_password_permission(self, request: HttpRequest) -> bool:
        """Return whether the request's user may give users a new password."""
        return caller(request).has_perm("accounts.reset_password_user")

    def _add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the page that adds a user, also to those who cannot change users.

        Django requires both permissions, because its form could make a superuser. This one cannot.
        """
        page: HttpResponse = LongList.add_view(self, request, form_url, extra_context)
        return page

    @action(description="Invite a person", url_path="invite", permissions=["add"])  # type: ignore[untyped-decorator]
    @method_decorator(transaction.atomic)
    def invite(self, request: HttpRequest) -> HttpResponse:
        """Ask for an email, have an invitation mailed to it, and log that."""
        form = InviteForm(request.POST or None)
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                sign_up.invite(email=email)
            except Conflict as error:
                form.add_error("email", error.detail)
            else:
                LogEntry.objects.create(
                    user=caller(request),
                    content_type=ContentType.objects.get_for_model(User),
                    object_repr=email[:200],
                    action_flag=ADDITION,
                    change_message="Invited.",
                )
                self.message_user(request, f"An invitation is on its way to {email}.")
                return redirect("admin:accounts_user_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Invite a person",
            "opts": self.opts,
            "form": form,
            "days": sign_up.LINK_VALID.days,
        }
        return TemplateResponse(request, "accounts/invite.html", context)

    def applies(self, request: HttpRequest, action: str, row: User) -> bool:
        """Offer to switch off a user who is on, and to switch on one who is off."""
        return may_switch(caller(request), row) and (action == "switch_off") == row.is_active

    def page_links(self, request: HttpRequest, row: User) -> list[dict[str, str]]:
        """Return a link to the page on which the user gets a new password."""
        if not (self.has_reset_password_permission(request) and caller(request).may_manage(row)):
            return []
        url = reverse(f"admin:{PASSWORD_PAGE}", args=[row.pk])
        return [{"title": "Set a password", "url": url}]

    @admin.action(description="Switch the selected users off", permissions=["disable"])
    @ask_first("Switch {rows} off?")
    @transaction.atomic
    def switch_off(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Switch users off, and log each of them."""
        self._switch(request, queryset, on=False)

    @admin.action(description="Switch the selected users on again", permissions=["disable"])
    @ask_first("Switch {rows} on again?")
    @transaction.atomic
    def switch_on(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Switch users on again, and log each of them."""
        self._switch(request, queryset, on=True)

    def _switch(self, request: HttpRequest, queryset: QuerySet[User], *, on: bool) -> None:
        word = "on" if on else "off"
        ids = [*queryset.values_list("pk", flat=True)]
        selected = [*User.objects.filter(pk__in=ids).order_by("pk").select_for_update()]
        refused = [user for user in selected if not may_switch(caller(request), user)]
        changed = [user for user in selected if user not in refused and user.is_active != on]
        users = User.objects.filter(pk__in=[user.pk for user in changed])
        count = users.switch_on() if on else users.switch_off()
        log_changes(request, changed, f"Switched {word}.")
        self.message_user(request, f"Switched {word} {count} of {len(selected)} users.")
        if refused:
            emails = ", ".join(user.email for user in refused)
            self.message_user(
                request,
                f"Not switched {word}: {emails}. Only superusers can switch users off and on who "
                "may enter the admin, and nobody can do it to their own account.",
                messages.ERROR,
            )


def may_switch(actor: User, user: User) -> bool:
    """Return whether `actor` may switch `user` off and on. Nobody can lock themselves out."""
    return actor != user and actor.may_manage(user)


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


class KeyStatusFilter(admin.SimpleListFilter):
    """A filter by whether keys work."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the statuses and their labels."""
        return KeyStatus.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the keys with the chosen status."""
        keys: Any = queryset
        chosen = self.value()
        if chosen in KeyStatus.values:
            keys = keys.of_status(KeyStatus(chosen))
        found: QuerySet[Any] = keys
        return found


class FindKeyForm(forms.Form):
    """Takes a whole key, which the browser neither shows nor keeps."""

    key = forms.CharField(
        label="The whole key",
        max_length=200,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "placeholder": "sk_…"}),
    )


@admin.register(APIKey)
class APIKeyAdmin(ActionsOnPage, ReadOnly, LongList):
    """API keys. The admin shows, finds and revokes them.

    Only users create them, read-only keys as well: a new key's secret is shown to nobody else.
    """

    list_display = [
        "name",
        "shown_prefix",
        "user",
        "colored_status",
        "is_read_only",
        "last_day",
        "created_at",
        "last_used_at",
    ]
    list_select_related = ["user"]
    list_filter = [KeyStatusFilter, "is_read_only"]
    search_fields = ["name", "user__email"]
    search_ids = ["id", "user"]
    search_help_text = "The first characters of a key, or part of its name or of its user's email"
    ordering = ["-id"]
    fields: Sequence[Any] = (*list_display, "revoked_at")
    actions = ["revoke_api_keys"]
    actions_list = ["find"]
    page_actions = {"revoke_api_keys": "Revoke"}
    dangerous_actions = frozenset({"revoke_api_keys"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[APIKey]:
        """Return the keys with their statuses."""
        keys: Any = super().get_queryset(request)
        found: QuerySet[APIKey] = keys.with_status()
        return found

    @admin.display(description="prefix", ordering="prefix")
    def shown_prefix(self, key: APIKey) -> str:
        """Return the first characters of the key."""
        return f"{key.prefix}…"

    @display(
        description="status",
        label={KeyStatus.ACTIVE: "success", KeyStatus.EXPIRED: "warning", KeyStatus.REVOKED: ""},
    )  # type: ignore[untyped-decorator]
    def colored_status(self, key: APIKey) -> str:
        """Return whether the key works."""
        return key.status

    @admin.display(description="last day (UTC)", ordering="expires_at", empty_value="-")
    def last_day(self, key: APIKey) -> str | None:
        """Return the last day on which the key works."""
        return key.expires_on.isoformat() if key.expires_on else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a key by its first characters, or as other rows are found."""
        words = search_term.strip()
        keys: Any = queryset
        if words.startswith(APIKey.BEGINNING):
            return keys.beginning_with(words.rstrip("….")), False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list. A search for a whole key leads to the form that keeps it secret."""
        words = request.GET.get(SEARCH_VAR, "").strip()
        if words.startswith(APIKey.BEGINNING) and len(words.rstrip("….")) > APIKey.PREFIX_LENGTH:
            self.message_user(
                request,
                "That looked like a whole key. Searches appear in the page's address, so enter the "
                f"key here instead, or search for its first {APIKey.PREFIX_LENGTH} characters.",
                messages.WARNING,
            )
            return redirect("admin:accounts_apikey_find")
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    @action(description="Find a key", url_path="find", permissions=["view"])  # type: ignore[untyped-decorator]
    @method_decorator(sensitive_post_parameters("key"))
    def find(self, request: HttpRequest) -> HttpResponse:
        """Show the form for a whole key, and whose key it is."""
        form = FindKeyForm(request.POST or None)
        found = None
        if form.is_valid():
            keys = APIKey.objects.with_status().select_related("user")
            found = keys.with_secret(form.cleaned_data["key"]).first()
        context = {
            **self.admin_site.each_context(request),
            "title": "Find a key",
            "opts": self.opts,
            "form": form,
            "found": found,
            "was_searched": form.is_valid(),
        }
        return TemplateResponse(request, "accounts/find_key.html", context)

    def applies(self, request: HttpRequest, action: str, row: APIKey) -> bool:
        """Offer to revoke a key unless it is revoked."""
        return row.revoked_at is None

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may revoke the keys of any user."""
        return caller(request).has_perm("accounts.revoke_apikey")

    @admin.action(description="Revoke the selected API keys", permissions=["revoke"])
    @ask_first("Revoke {rows} for good?")
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
