"""The URLs of an installation that uses Postmark as its email provider."""

from torale.email_provider import routes
from torale.urls import handler400, handler404, handler500  # noqa: F401 - Django reads them
from torale.urls import urlpatterns as usual

SETTINGS = {"WEBHOOK_SECRET": "user:password"}

urlpatterns = [*usual, *routes("postmark", SETTINGS)]
