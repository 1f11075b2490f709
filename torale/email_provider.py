"""The route to which the configured email provider (django-anymail) reports what became of mails.

It exists only if a secret is set: anybody who can post a complaint can stop all mail to an address.
"""

from collections.abc import Mapping
from importlib import import_module

from django.urls import URLPattern, include, path
from django.urls.resolvers import URLResolver

#: For each provider, the ANYMAIL_ settings that prove that a report is from it; one of them is
#: enough. A provider that signs its reports needs no WEBHOOK_SECRET (`user:password` of basic
#: authentication).
SECRETS: Mapping[str, tuple[str, ...]] = {
    "amazon_ses": ("WEBHOOK_SECRET",),
    "brevo": ("WEBHOOK_SECRET",),
    "mailersend": ("MAILERSEND_SIGNING_SECRET",),
    "mailgun": ("MAILGUN_WEBHOOK_SIGNING_KEY",),
    "mailjet": ("WEBHOOK_SECRET",),
    "mailtrap": ("MAILTRAP_TRACKING_SECRET", "WEBHOOK_SECRET"),
    "mandrill": ("MANDRILL_WEBHOOK_KEY",),
    "postal": ("POSTAL_WEBHOOK_KEY",),
    "postmark": ("WEBHOOK_SECRET",),
    "resend": ("RESEND_SIGNING_SECRET", "WEBHOOK_SECRET"),
    "sendgrid": ("SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY", "WEBHOOK_SECRET"),
    "sparkpost": ("WEBHOOK_SECRET",),
    "unisender_go": ("UNISENDER_GO_API_KEY",),
}


def routes(provider: str, anymail: Mapping[str, str]) -> list[URLResolver]:
    """Return the route for the reports of `provider`: /anymail/…/tracking/, or /anymail/mandrill/.

    Args:
        provider: its name, as in `anymail.backends`; empty if there is no provider.
        anymail: the ANYMAIL settings. Without the provider's secret there is no route.
    """
    if provider not in SECRETS or missing_secret(provider, anymail):
        return []
    names = {f"{provider}_tracking_webhook", f"{provider}_webhook"}
    # Imported only if there is a provider: it loads the libraries of several, which takes 0.2 s.
    anymail_routes = import_module("anymail.urls").urlpatterns
    found = [
        route for route in anymail_routes if isinstance(route, URLPattern) and route.name in names
    ]
    return [path("anymail/", include(found))]


def missing_secret(provider: str, anymail: Mapping[str, str]) -> str | None:
    """Return what to set so that reports of `provider` are accepted; None if it is already set."""
    names = SECRETS.get(provider, ())
    if not names or any(anymail.get(name) for name in names):
        return None
    return " or ".join(f"ANYMAIL_{name}" for name in names)
