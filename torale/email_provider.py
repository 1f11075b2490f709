"""Where the configured email provider (django-anymail) reports what became of each mail.

The route exists only with a secret: whoever can post a complaint can bar an address from all mail.
"""

from collections.abc import Mapping
from importlib import import_module

from django.urls import URLPattern, include, path
from django.urls.resolvers import URLResolver

#: The ANYMAIL_ settings, by provider, that prove a report to be the provider's; one is enough.
#: One that signs its reports is not asked for a WEBHOOK_SECRET (`user:password` of basic
#: authentication) as well.
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
        provider: its name, as in `anymail.backends`; empty for none.
        anymail: the ANYMAIL settings. Without the provider's secret there is no route.
    """
    if provider not in SECRETS or missing_secret(provider, anymail):
        return []
    names = {f"{provider}_tracking_webhook", f"{provider}_webhook"}
    # Not imported by those without a provider: it loads the libraries of several, for 0.2 s.
    anymail_routes = import_module("anymail.urls").urlpatterns
    found = [
        route for route in anymail_routes if isinstance(route, URLPattern) and route.name in names
    ]
    return [path("anymail/", include(found))]


def missing_secret(provider: str, anymail: Mapping[str, str]) -> str | None:
    """Return what to set so that the reports of `provider` are taken; None if it is set."""
    names = SECRETS.get(provider, ())
    if not names or any(anymail.get(name) for name in names):
        return None
    return " or ".join(f"ANYMAIL_{name}" for name in names)
