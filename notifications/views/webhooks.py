"""Everything under /api/v1/webhooks."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from notifications.channels.webhook import config as webhooks
from notifications.filters import DeliveryFilterSet
from notifications.models import (
    Attempt,
    NotificationType,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.models.webhook import WebhookEndpointQuerySet
from notifications.serializers import (
    WebhookConfigSerializer,
    WebhookConfigWriteSerializer,
    WebhookDeliverySerializer,
    WebhookEndpointSerializer,
    WebhookTestResultSerializer,
    WebhookTestSerializer,
)
from tasks.destinations import OWN_FORMAT
from torale import clock
from torale.api.pagination import Pagination
from torale.api.schema import ErrorSerializer
from torale.api.validation import validated
from torale.api.views import CheckedNames, IdsInPath, NotStored
from torale.fields import Undecryptable, kept


@extend_schema(tags=["Webhooks"])
class WebhookConfigView(NotStored, CheckedNames, APIView):
    """The caller's default webhook, and the secret that signs all webhooks."""

    @extend_schema(
        summary="Show the default webhook's URL and switch, and the secret.",
        responses=WebhookConfigSerializer,
    )
    def get(self, request: Request) -> Response:
        """Show the default webhook's URL and switch, and the secret."""
        return Response(shown(webhooks.config_of(caller(request))))

    @extend_schema(
        summary="Change the default webhook; enabling it also switches on endpoints "
        "that were switched off for failing.",
        request=WebhookConfigWriteSerializer,
        responses={200: WebhookConfigSerializer, 400: ErrorSerializer},
    )
    def put(self, request: Request) -> Response:
        """Change the default webhook; enabling it also switches on endpoints that failed."""
        given = validated(WebhookConfigWriteSerializer, request.data)
        config = webhooks.configure(
            user=caller(request),
            url=given.get("webhook_url"),
            clear_url="webhook_url" in given and given["webhook_url"] is None,
            format_=given.get("format"),
            is_enabled=given.get("enabled"),
        )
        return Response(shown(config))


@extend_schema(tags=["Webhooks"])
class RotateSecretView(NotStored, CheckedNames, APIView):
    """A new secret in place of the present one."""

    @extend_schema(
        summary="Make a new secret; the old one signs as well for 24 hours.",
        operation_id="webhook_secret_rotate",
        request=None,
        responses={200: WebhookConfigSerializer, 400: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a new secret; the old one signs as well for 24 hours."""
        config = webhooks.config_of(caller(request))
        config.rotate_secret(now=clock.now())
        return Response(shown(config))


@extend_schema(tags=["Webhooks"])
class WebhookTestView(CheckedNames, APIView):
    """A test of a webhook."""

    @extend_schema(
        summary="Send one test event now, and return what the receiver answered.",
        operation_id="webhook_test",
        request=WebhookTestSerializer,
        responses={200: WebhookTestResultSerializer, 400: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send one test event now, and return what the receiver answered."""
        given = validated(WebhookTestSerializer, request.data)
        message = webhooks.send_test(
            user=caller(request),
            url=given["webhook_url"],
            secret=given.get("webhook_secret"),
            format_=given.get("format", OWN_FORMAT),
            now=clock.now(),
        )
        return Response({"success": True, "message": message})


class DeliveryPagination(Pagination):
    """Pages of attempts."""

    default_limit = 50
    max_limit = 500


@extend_schema(tags=["Webhooks"])
@extend_schema_view(
    get=extend_schema(
        summary="List attempts, those of the newest sends first.",
        operation_id="webhook_delivery_list",
        responses={200: WebhookDeliverySerializer(many=True), 404: ErrorSerializer},
    )
)
class WebhookDeliveriesView(CheckedNames, ListAPIView[Attempt]):
    """The latest attempts of the caller's webhooks."""

    serializer_class = WebhookDeliverySerializer
    filterset_class = DeliveryFilterSet
    pagination_class = DeliveryPagination

    def get_queryset(self) -> QuerySet[Attempt]:
        """Return the attempts of the caller's webhooks, those of the newest sends first."""
        attempts = Attempt.objects.filter(
            send__user=caller(self.request), send__notification_type=NotificationType.WEBHOOK
        )
        return attempts.select_related("send").order_by("-send__created_at", "-send__id", "-number")


@extend_schema(tags=["Webhooks"])
@extend_schema_view(
    list=extend_schema(summary="List the URLs that the caller's webhooks go to, newest first.")
)
class WebhookEndpointViewSet(
    IdsInPath, mixins.ListModelMixin, viewsets.GenericViewSet[WebhookEndpoint]
):
    """The URLs that the caller's webhooks go to."""

    serializer_class = WebhookEndpointSerializer
    pagination_class = Pagination
    lookup_field = "public_id"
    lookup_url_kwarg = "endpoint_id"

    def get_queryset(self) -> WebhookEndpointQuerySet:
        """Return the caller's endpoints, newest first."""
        return WebhookEndpoint.objects.for_user(caller(self.request)).order_by("-id")

    @extend_schema(
        summary="Switch an endpoint on again, whoever switched it off.",
        request=None,
        responses=WebhookEndpointSerializer,
    )
    @action(detail=True, methods=["post"], url_path="switch-on")
    def switch_on(self, request: Request, **kwargs: Any) -> Response:
        """Switch an endpoint on again, whoever switched it off."""
        endpoint = self.get_object()
        endpoint.switch_on()
        return Response(self.get_serializer(endpoint).data)

    @extend_schema(
        summary="Send nothing to an endpoint until it is switched on again.",
        request=None,
        responses=WebhookEndpointSerializer,
    )
    @action(detail=True, methods=["post"], url_path="switch-off")
    def switch_off(self, request: Request, **kwargs: Any) -> Response:
        """Send nothing to an endpoint until it is switched on again."""
        endpoint = self.get_object()
        endpoint.switch_off_by_owner(now=clock.now())
        return Response(self.get_serializer(endpoint).data)


def shown(config: WebhookConfig) -> dict[str, Any]:
    """Return the configuration in the contract's form."""
    secret = kept(config, "secret")
    return WebhookConfigSerializer(
        {
            "url": config.url,
            "format": config.format,
            "secret": None if isinstance(secret, Undecryptable) else secret,
            "enabled": webhooks.is_switched_on(config),
        }
    ).data
