"""The URLs of all apps, by prefix. Paths end in an optional slash."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from torale import email_provider
from torale.api.index import IndexView
from torale.api.reference import DocumentView, RedocView, SwaggerView
from torale.api.routers import Router, below
from torale.health import Liveness

router = Router()
router.add("api/v1", IndexView.as_view(), name="api-index")
router.add(r"openapi\.json", DocumentView.as_view(), name="openapi")
router.add("docs", SwaggerView.as_view(), name="docs")
router.add("redoc", RedocView.as_view(), name="redoc")
router.add("healthz", Liveness.as_view(), name="healthz")

urlpatterns = [
    path("", include(router.urls)),
    below(["auth/", "api/v1/email-verification", "api/v1/users"], "accounts.urls"),
    below(["api/v1/tasks", "api/v1/public", "tasks/", "readyz", "health"], "tasks.urls"),
    path("", include("notifications.urls")),
    *email_provider.routes(settings.TORALE_EMAIL_PROVIDER, settings.ANYMAIL),
    path("admin/", include("desk.urls")),  # first, as the admin answers every path below its own
    path("admin/", admin.site.urls),
    path("", include("console.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
]

handler400 = "torale.api.errors.bad_request"
handler404 = "torale.api.errors.not_found"
handler500 = "torale.api.errors.server_error"
