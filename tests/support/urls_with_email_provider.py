"""The routes of an installation whose email provider is Postmark."""

from torale.email_provider import routes
from torale.urls import handler400, handler404, handler500  # noqa: F401 - of this urlconf
from torale.urls import urlpatterns as usual

SETTINGS = {"WEBHOOK_SECRET": "user:password"}

urlpatterns = [*usual, *routes("postmark", SETTINGS)]
