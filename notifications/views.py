"""Everything under /notifications and /webhooks, /metrics, and the unsubscribe link."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from rest_framework import exceptions, mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from notifications import unsubscribe, webhooks
from notifications.filters import SendFilterSet, SendStatsFilterSet
from notifications.metrics import DeliveryCollector
from notifications.models import (
    Attempt,
    NotificationSend,
    NotificationType,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.models.send import NotificationSendQuerySet
from notifications.models.webhook import WebhookEndpointQuerySet
from notifications.redeliver import redeliver_all, redeliver_one
from notifications.serializers import (
    CountSerializer,
    DeliveriesQuerySerializer,
    RedeliverSerializer,
    SendDetailSerializer,
    SendSerializer,
    SendStatsSerializer,
    WebhookConfigSerializer,
    WebhookConfigWriteSerializer,
    WebhookDeliverySerializer,
    WebhookEndpointSerializer,
    WebhookTestResultSerializer,
    WebhookTestSerializer,
)
from notifications.stats import stats_of
from tasks.metrics import SchedulerCollector
from tasks.models import Task
from torale import clock
from torale.api.filters import FilterBackend
from torale.api.pagination import Pagination, WalkedPagination
from torale.api.renderers import JSONRenderer
from torale.api.schema import ErrorSerializer
from torale.api.streamed_csv import CSVRenderer, csv_response
from torale.api.validation import validated
from torale.api.views import AnyAccept, CheckedNames, IdsInPath, NotStored
from torale.fields import Undecryptable, kept
from torale.limits import Limit, hit


class SendPagination(WalkedPagination):
    """Pages of sends."""

    results_name = "sends"


class NotificationSendViewSet(
    IdsInPath, mixins.RetrieveModelMixin, viewsets.GenericViewSet[NotificationSend]
):
    """The record of who was told what, when, and how it went."""

    serializer_class = SendDetailSerializer
    filterset_class = SendFilterSet
    pagination_class = SendPagination
    lookup_url_kwarg = "send_id"

    def get_queryset(self) -> NotificationSendQuerySet:
        """Return the caller's sends, newest first."""
        return NotificationSend.objects.for_user(self.request.user).newest_first()  # type: ignore[arg-type]

    def get_object(self) -> NotificationSend:
        """Return the send in the path with all that is shown of it; three queries."""
        sends = self.get_queryset().in_detail()
        send = sends.filter(pk=self.kwargs["send_id"]).first()
        if send is None:
            raise exceptions.NotFound
        return send

    def get_renderers(self) -> Any:  # a list, which is a method's name here
        """Return what the Accept header may choose from: the list can be had as CSV, too."""
        return [*super().get_renderers(), *([CSVRenderer()] if self.action == "list" else [])]

    # CSV has a path of its own: a client could not tell by the status which of two bodies it gets.
    @extend_schema(responses={(200, "application/json"): SendSerializer(many=True)})
    def list(self, request: Request, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002
        """List the caller's sends.

        The rows are rendered as the database gives them: the fields are the columns, and a
        serializer would take longer than the query.
        """
        if isinstance(request.accepted_renderer, CSVRenderer):
            return self.as_csv()
        sends = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(sends.values(*SendSerializer.Meta.fields))
        return self.get_paginated_response(page)

    def as_csv(self) -> StreamingHttpResponse:
        """Answer with all sends of the caller that match, as a file."""
        sends = self.filter_queryset(self.get_queryset())
        return csv_response(sends, SendSerializer.Meta.fields, filename="sends.csv")

    @extend_schema(operation_id="send_stats_retrieve", filters=True, responses=SendStatsSerializer)
    @action(detail=False, filterset_class=SendStatsFilterSet)
    def stats(self, request: Request) -> Response:
        """Count the caller's sends by day, channel and status, and tell how long they took."""
        filterset = FilterBackend().valid_filterset(request, self.get_queryset(), self)
        values = filterset.form.cleaned_data
        time_range = {name: values[name] for name in ("created_after", "created_before")}
        return Response({**time_range, **stats_of(filterset.qs)})

    @extend_schema(request=None, responses={202: SendSerializer, 409: ErrorSerializer})
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """Deliver an ended send again: same payload, same message id."""
        send = redeliver_one(send=self.get_object(), now=clock.now())
        return Response(SendSerializer(send).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=RedeliverSerializer, responses={202: CountSerializer})
    @action(detail=False, methods=["post"], url_path="redeliver")
    def redeliver_matching(self, request: Request) -> Response:
        """Deliver again all ended sends that match; the failed ones unless said otherwise."""
        matching = validated(RedeliverSerializer, request.data)
        count = redeliver_all(
            sends=NotificationSend.objects.for_user(request.user).filter(**matching),  # type: ignore[arg-type]
            now=clock.now(),
        )
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class SendsAsCSVViewSet(AnyAccept, NotificationSendViewSet):
    """The list of sends as CSV, under a path that says so."""

    #: Renders errors only.
    renderer_classes = [JSONRenderer]

    @extend_schema(filters=True, responses={(200, "text/csv"): OpenApiTypes.STR})
    def export(self, request: Request) -> StreamingHttpResponse:  # noqa: ARG002
        """Download the caller's sends as CSV."""
        return self.as_csv()


class WebhookConfigView(NotStored, CheckedNames, APIView):
    """The caller's default webhook, and the secret that signs all webhooks."""

    @extend_schema(responses=WebhookConfigSerializer)
    def get(self, request: Request) -> Response:
        """Show the default webhook's URL and switch, and the secret."""
        return Response(shown(webhooks.config_of(request.user)))  # type: ignore[arg-type]

    @extend_schema(
        request=WebhookConfigWriteSerializer,
        responses={200: WebhookConfigSerializer, 400: ErrorSerializer},
    )
    def put(self, request: Request) -> Response:
        """Change what is sent; enabling also switches on what had been switched off for failing."""
        given = validated(WebhookConfigWriteSerializer, request.data)
        config = webhooks.configure(
            user=request.user,  # type: ignore[arg-type]
            url=given.get("webhook_url"),
            clear_url="webhook_url" in given and given["webhook_url"] is None,
            is_enabled=given.get("enabled"),
        )
        return Response(shown(config))


class RotateSecretView(NotStored, CheckedNames, APIView):
    """The secret's replacement."""

    @extend_schema(
        operation_id="webhook_secret_rotate",
        request=None,
        responses={200: WebhookConfigSerializer, 400: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a new secret; the old one signs along for 24 hours."""
        config = webhooks.config_of(request.user)  # type: ignore[arg-type]
        config.rotate_secret(now=clock.now())
        return Response(shown(config))


class WebhookTestView(CheckedNames, APIView):
    """A try of a webhook, before anything depends on it."""

    #: Each holds a thread of the server for as long as the receiver takes.
    limit = Limit("webhook_tests", 10, timedelta(minutes=1))

    @extend_schema(
        operation_id="webhook_test",
        request=WebhookTestSerializer,
        responses={200: WebhookTestResultSerializer, 400: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send one signed test event now, and tell what the receiver said."""
        given = validated(WebhookTestSerializer, request.data)
        verdict = hit(self.limit, str(request.user.pk))
        if not verdict.allowed:
            raise exceptions.Throttled(wait=verdict.wait.total_seconds())
        message = webhooks.send_test(
            user=request.user,  # type: ignore[arg-type]
            url=given["webhook_url"],
            secret=given.get("webhook_secret"),
            now=clock.now(),
        )
        return Response({"success": True, "message": message})


class DeliveryPagination(Pagination):
    """Pages of attempts."""

    default_limit = 50
    max_limit = 500


class WebhookDeliveriesView(CheckedNames, GenericAPIView[Attempt]):
    """The latest attempts of the caller's webhooks."""

    serializer_class = WebhookDeliverySerializer
    pagination_class = DeliveryPagination

    def get_queryset(self) -> QuerySet[Attempt]:
        """Return the attempts of the caller's webhooks, those of the newest sends first."""
        attempts = Attempt.objects.filter(
            send__user=self.request.user.pk, send__notification_type=NotificationType.WEBHOOK
        )
        return attempts.select_related("send").order_by("-send__created_at", "-send__id", "-number")

    @extend_schema(
        operation_id="webhook_delivery_list",
        parameters=[DeliveriesQuerySerializer],
        responses={200: WebhookDeliverySerializer(many=True), 404: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        """List attempts, those of the newest sends first."""
        given = validated(DeliveriesQuerySerializer, request.query_params.dict(), source="query")
        attempts = self.get_queryset()
        if task_id := given.get("task_id"):
            self._check_task(request.user, task_id)  # type: ignore[arg-type]
            attempts = attempts.filter(send__task_id=task_id)
        page = self.paginate_queryset(attempts)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def _check_task(self, user: User, task_id: UUID) -> None:
        """Raise NotFound for a task that never was the user's; one that is deleted left sends."""
        own = Task.objects.for_user(user).filter(pk=task_id)
        sends = NotificationSend.objects.for_user(user).filter(task_id=task_id)
        if not (own.exists() or sends.exists()):
            raise exceptions.NotFound


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
        return WebhookEndpoint.objects.for_user(self.request.user).order_by("-id")  # type: ignore[arg-type]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the URLs that the caller's webhooks go to and how they fare, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses=WebhookEndpointSerializer)
    @action(detail=True, methods=["post"], url_path="switch-on")
    def switch_on(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """Let an endpoint have webhooks again, whoever switched it off."""
        endpoint = self.get_object()
        endpoint.switch_on()
        return Response(self.get_serializer(endpoint).data)

    @extend_schema(request=None, responses=WebhookEndpointSerializer)
    @action(detail=True, methods=["post"], url_path="switch-off")
    def switch_off(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """Send nothing to an endpoint until it is switched on again."""
        endpoint = self.get_object()
        endpoint.switch_off_by_owner(now=clock.now())
        return Response(self.get_serializer(endpoint).data)


class MetricsView(CheckedNames, AnyAccept, APIView):
    """How visits and delivery are doing, for Prometheus.

    For operators' keys only, as it tells of all users.
    """

    permission_classes = [IsAdminUser]
    #: Renders errors only.
    renderer_classes = [JSONRenderer]

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """Return the gauges in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(SchedulerCollector())
        registry.register(DeliveryCollector())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@method_decorator(csrf_exempt, name="dispatch")
class UnsubscribeView(View):
    """The link in each email that ends that task's emails.

    Programs that look at mail open its links, so a GET only asks; the POST does it, whether it
    comes from that page or from a mail program's own button (RFC 8058 §3.2).
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask."""
        return self.answer(request, unsubscribe.task_for(token), is_done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Mute the task, and say so."""
        return self.answer(request, unsubscribe.mute(token), is_done=True)

    def answer(self, request: HttpRequest, task: Task | None, *, is_done: bool) -> HttpResponse:
        """Render the page."""
        return render(
            request,
            "notifications/unsubscribe.html",
            {"task": task, "is_done": is_done},
            status=200 if task else 404,
        )


def shown(config: WebhookConfig) -> dict[str, Any]:
    """Return the configuration in the contract's form."""
    secret = kept(config, "secret")
    return WebhookConfigSerializer(
        {
            "url": config.url,
            "secret": None if isinstance(secret, Undecryptable) else secret,
            "enabled": webhooks.is_switched_on(config),
        }
    ).data
