"""The default webhook, the secret that signs webhooks, and webhooks in trouble."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import caller
from console.forms.settings import WebhookForm
from notifications.channels.webhook import config as webhooks
from notifications.last_answers import attach_last_answers
from notifications.models import WebhookConfig, WebhookEndpoint
from torale import clock
from torale.errors import DomainError, Refused
from torale.fields import Undecryptable, kept

ENDPOINTS_A_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def webhook(request: HttpRequest) -> HttpResponse:
    """Show the default webhook and those in trouble; store the default one, or test it."""
    config = webhooks.config_of(caller(request))
    form = WebhookForm(request.POST or None, config=config)
    if form.is_valid():
        if "test" in request.POST:
            return _page(request, config, form, tested=_tested(form))
        if _is_saved(form):
            messages.success(request, "Saved.")
            return redirect("console:settings-webhook")
    return _page(request, config, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rotate(request: HttpRequest) -> HttpResponse:
    """Make a new secret, after asking."""
    if request.method != "POST":
        return render(request, "console/settings/rotate.html")
    try:
        webhooks.config_of(caller(request)).rotate_secret(now=clock.now())
    except Refused as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "There is a new secret. For 24 hours, the old one signs as well.")
    return redirect("console:settings-webhook")


@require_POST
@login_required
def switch_on(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Switch a webhook on again, whoever switched it off."""
    _own(request, endpoint_id).switch_on()
    messages.success(request, "The webhook is on again.")
    return redirect("console:settings-webhook")


@require_POST
@login_required
def switch_off(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Send nothing to a webhook until it is switched on again."""
    _own(request, endpoint_id).switch_off_by_owner(now=clock.now())
    messages.success(request, "Nothing is sent to the webhook until you switch it on again.")
    return redirect("console:settings-webhook")


def _own(request: HttpRequest, endpoint_id: str) -> WebhookEndpoint:
    """Return the caller's endpoint.

    Raises:
        Http404: the caller has no such endpoint.
    """
    endpoints = WebhookEndpoint.objects.for_user(caller(request))
    return get_object_or_404(endpoints, public_id=endpoint_id)


def _is_saved(form: WebhookForm) -> bool:
    """Store what the form says; return False if that was refused, which the form shows then."""
    given = form.cleaned_data
    with form.refusals(at="url"):
        webhooks.configure(
            user=form.user,
            url=given["url"] or None,
            clear_url=not given["url"],
            format_=given["format"],
            is_enabled=form.switch(),
        )
        return True
    return False


def _tested(form: WebhookForm) -> tuple[bool, str]:
    """Send a test as the form says; return whether it was accepted, and what was answered."""
    given = form.cleaned_data
    try:
        said = webhooks.send_test(
            user=form.user,
            url=given["url"],
            secret=None,
            format_=given["format"],
            now=clock.now(),
        )
    except DomainError as error:
        return False, error.detail
    return True, said


def _page(
    request: HttpRequest,
    config: WebhookConfig,
    form: WebhookForm,
    *,
    tested: tuple[bool, str] | None = None,
) -> HttpResponse:
    secret = kept(config, "secret")
    troubled = WebhookEndpoint.objects.for_user(config.user).in_trouble().order_by("-id")
    page = Paginator(troubled, ENDPOINTS_A_PAGE).get_page(request.GET.get("page"))
    page.object_list = attach_last_answers([*page.object_list])
    context = {
        "form": form,
        "secret": None if isinstance(secret, Undecryptable) else secret,
        "page": page,
        "tested": tested,
    }
    return render(request, "console/settings/webhook.html", context)
