"""/auth… -> views."""

from django.urls import include, path, re_path

from accounts.views import APIKeyViewSet, MeView
from torale.api.routers import Router

router = Router()
router.register("api-keys", APIKeyViewSet, basename="api-key")

urlpatterns = [
    re_path(r"^me/?$", MeView.as_view(), name="me"),
    path("", include(router.urls)),
]
