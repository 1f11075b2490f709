"""/auth…, /api/v1/email-verification… and /api/v1/users… -> views."""

from accounts.views import (
    APIKeyViewSet,
    EmailVerificationViewSet,
    MeView,
    UsernameAvailabilityView,
    UsernameView,
)
from torale.api.routers import Router

router = Router()
router.add("auth/me", MeView.as_view(), name="me")
router.register("auth/api-keys", APIKeyViewSet, basename="api-key")
router.register(
    "api/v1/email-verification", EmailVerificationViewSet, basename="email-verification"
)
router.add(
    "api/v1/users/username/available",
    UsernameAvailabilityView.as_view(),
    name="username-available",
)
router.add("api/v1/users/me/username", UsernameView.as_view(), name="username")

urlpatterns = router.urls
