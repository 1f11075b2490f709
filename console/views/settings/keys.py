"""The keys to the API."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.authentication import caller
from accounts.models import APIKey, User
from console.forms.settings import READ_ONLY, KeyForm

KEYS_A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """Show the keys and make new ones.

    The answer to the POST is the only page that shows the new key: it is neither in an address nor
    in a message, which would be stored.
    """
    user = caller(request)
    form = KeyForm(request.POST or None)
    secret = _new_secret(user, form) if form.is_valid() else None
    if secret:
        form = KeyForm()
    found = APIKey.objects.for_user(user).with_status().order_by("-id")
    page = Paginator(found, KEYS_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "secret": secret}
    return render(request, "console/settings/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """Revoke a key for good, after asking."""
    key = get_object_or_404(APIKey.objects.for_user(caller(request)), pk=key_id)
    if request.method != "POST":
        return render(request, "console/settings/revoke.html", {"key": key})
    key.revoke()
    messages.success(request, f"“{key.name}” is revoked.")
    return redirect("console:settings-keys")


def _new_secret(user: User, form: KeyForm) -> str | None:
    """Store the key that the form asks for and return it; None if the form has an error now."""
    given = form.cleaned_data
    with form.refusals(at="expires_on"):
        _, secret = APIKey.objects.create_key(
            user=user,
            name=given["name"],
            is_read_only=given["access"] == READ_ONLY,
            expires_on=given["expires_on"],
        )
        return secret
    return None
