"""/auth…, /api/v1/email-verification… and /api/v1/users… -> views."""

from django.urls import include, path, re_path

from accounts.views import (
    APIKeyViewSet,
    EmailVerificationViewSet,
    MeView,
    UsernameAvailabilityView,
    UsernameView,
)
from torale.api.routers import Router

auth = Router()
auth.register("api-keys", APIKeyViewSet, basename="api-key")

api = Router()
api.register("email-verification", EmailVerificationViewSet, basename="email-verification")

urlpatterns = [
    path("auth/", include([re_path(r"^me/?$", MeView.as_view(), name="me"), *auth.urls])),
    path(
        "api/v1/",
        include(
            [
                re_path(
                    r"^users/username/available/?$",
                    UsernameAvailabilityView.as_view(),
                    name="username-available",
                ),
                re_path(r"^users/me/username/?$", UsernameView.as_view(), name="username"),
                *api.urls,
            ]
        ),
    ),
]
