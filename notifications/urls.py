"""/api/v1/notifications…, /api/v1/webhooks…, /metrics and /unsubscribe… -> views."""

from notifications.views.metrics import MetricsView
from notifications.views.sends import NotificationSendViewSet, SendsAsCSVViewSet
from notifications.views.unsubscribe import UnsubscribeView
from notifications.views.webhooks import (
    RotateSecretView,
    WebhookConfigView,
    WebhookDeliveriesView,
    WebhookEndpointViewSet,
    WebhookTestView,
)
from torale.api.routers import Router

router = Router()
router.register("api/v1/notifications/sends", NotificationSendViewSet, basename="send")
router.add(
    r"api/v1/notifications/sends\.csv",
    SendsAsCSVViewSet.as_view({"get": "export"}, basename="send", detail=False),
    name="send-csv",
)
router.register("api/v1/webhooks/endpoints", WebhookEndpointViewSet, basename="webhook-endpoint")
router.add("api/v1/webhooks/config", WebhookConfigView.as_view(), name="webhook-config")
router.add(
    "api/v1/webhooks/config/rotate-secret",
    RotateSecretView.as_view(),
    name="webhook-rotate-secret",
)
router.add("api/v1/webhooks/test", WebhookTestView.as_view(), name="webhook-test")
router.add("api/v1/webhooks/deliveries", WebhookDeliveriesView.as_view(), name="webhook-deliveries")
router.add("metrics", MetricsView.as_view(), name="metrics")
router.add("unsubscribe/(?P<token>[^/]+)", UnsubscribeView.as_view(), name="unsubscribe")

urlpatterns = router.urls
