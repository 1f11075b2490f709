"""/api/v1/notifications… -> views."""

from notifications.views import NotificationSendViewSet
from torale.api.routers import Router

router = Router()
router.register("notifications/sends", NotificationSendViewSet, basename="send")

urlpatterns = router.urls
