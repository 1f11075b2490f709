"""The addresses that notifications may go to."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import caller
from accounts.models import EmailAddress, User, normalized
from accounts.verification import check_code, forget, send_code, verified_emails
from console.forms.settings import AddressForm, CodeForm
from torale import clock
from torale.errors import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def addresses(request: HttpRequest) -> HttpResponse:
    """Show the addresses, have a code mailed to another one, or check a code."""
    user = caller(request)
    if request.method != "POST":
        return _page(request, user, AddressForm())
    if "code" in request.POST:
        return _check(request, user)
    form = AddressForm(request.POST)
    if form.is_valid():
        email = form.cleaned_data["email"]
        with form.refusals(at="email"):
            if send_code(user=user, email=email, now=clock.now()):
                messages.success(request, f"A code is on its way to {email}. Enter it below.")
            else:
                messages.info(request, f"{email} is verified already.")
            return redirect("console:settings-addresses")
    return _page(request, user, form)


@require_POST
@login_required
def remove(request: HttpRequest) -> HttpResponse:
    """Remove a verified address. It is in the body, not in the page's address."""
    email = request.POST.get("email", "").replace("\0", "")
    try:
        forget(user=caller(request), email=email)
    except EmailAddress.DoesNotExist as error:
        raise Http404 from error
    except Refused as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, f"Nothing is sent to {email} any more.")
    return redirect("console:settings-addresses")


def _check(request: HttpRequest, user: User) -> HttpResponse:
    form = CodeForm(request.POST, email=request.POST.get("email", ""))
    if form.is_valid():
        email = form.cleaned_data["email"]
        with form.refusals(at="code"):
            check_code(user=user, email=email, code=form.cleaned_data["code"], now=clock.now())
            messages.success(request, f"{email} is verified. Tasks can send to it.")
            return redirect("console:settings-addresses")
    return _page(request, user, AddressForm(), submitted=form)


def _page(
    request: HttpRequest, user: User, form: AddressForm, *, submitted: CodeForm | None = None
) -> HttpResponse:
    """Return the page, on which the form of a code that was submitted takes its address's place."""
    expecting = EmailAddress.objects.for_user(user).expecting_code(clock.now()).order_by("email")
    forms = {email: CodeForm(email=email) for email in expecting.values_list("email", flat=True)}
    if submitted:
        forms[normalized(submitted.address)] = submitted
    context = {"emails": verified_emails(user=user), "form": form, "codes": forms.values()}
    return render(request, "console/settings/addresses.html", context)
