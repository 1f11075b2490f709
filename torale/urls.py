"""The map: prefix -> app. Paths end in an optional slash."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from torale import email_provider
from torale.api.index import IndexView
from torale.api.reference import DocumentView, RedocView, SwaggerView
from torale.health import Liveness, Readiness
from torale.home import HomeView

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    re_path(r"^api/v1/?$", IndexView.as_view(), name="api-index"),
    path("", include("accounts.urls")),  # /auth… and its part of /api/v1…
    path("", include("tasks.urls")),
    path("", include("notifications.urls")),
    *email_provider.routes(settings.TORALE_EMAIL_PROVIDER, settings.ANYMAIL),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    re_path(r"^openapi\.json/?$", DocumentView.as_view(), name="openapi"),
    re_path(r"^docs/?$", SwaggerView.as_view(), name="docs"),
    re_path(r"^redoc/?$", RedocView.as_view(), name="redoc"),
    re_path(r"^healthz/?$", Liveness.as_view(), name="healthz"),
    re_path(r"^health/?$", Readiness.as_view(), name="health"),
    re_path(r"^readyz/?$", Readiness.as_view(), name="readyz"),
]

handler400 = "torale.api.errors.bad_request"
handler404 = "torale.api.errors.not_found"
handler500 = "torale.api.errors.server_error"
