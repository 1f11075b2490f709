"""/api/v1/notifications…, /api/v1/webhooks…, /metrics and /unsubscribe… -> views."""

from django.urls import re_path

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
router.register("api/v1/webhooks/endpoints", WebhookEndpointViewSet, basename="webhook-endpoint")

urlpatterns = [
    *router.urls,
    re_path(
        r"^api/v1/notifications/sends\.csv/?$",
        SendsAsCSVViewSet.as_view({"get": "export"}, basename="send", detail=False),
        name="send-csv",
    ),
    re_path(r"^api/v1/webhooks/config/?$", WebhookConfigView.as_view(), name="webhook-config"),
    re_path(
        r"^api/v1/webhooks/config/rotate-secret/?$",
        RotateSecretView.as_view(),
        name="webhook-rotate-secret",
    ),
    re_path(r"^api/v1/webhooks/test/?$", WebhookTestView.as_view(), name="webhook-test"),
    re_path(
        r"^api/v1/webhooks/deliveries/?$",
        WebhookDeliveriesView.as_view(),
        name="webhook-deliveries",
    ),
    re_path(r"^metrics/?$", MetricsView.as_view(), name="metrics"),
    re_path(r"^unsubscribe/(?P<token>[^/]+)/?$", UnsubscribeView.as_view(), name="unsubscribe"),
]
