"""The views under /api/v1/notifications."""

from typing import Any, cast

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import caller
from notifications.filters import SendFilterSet, in_time_range, lookups
from notifications.models import (
    NotificationSend,
)
from notifications.models.send import NotificationSendQuerySet
from notifications.pages import SendList
from notifications.redeliver import redeliver_all, redeliver_one
from notifications.serializers import (
    CountSerializer,
    RedeliverSerializer,
    SendDetailSerializer,
    SendSerializer,
    SendStatsSerializer,
)
from notifications.stats import stats_of
from torale import clock
from torale.api.filters import valid_values
from torale.api.pagination import WalkedPagination
from torale.api.renderers import JSONRenderer
from torale.api.schema import ErrorSerializer
from torale.api.streamed_csv import CSVRenderer, csv_response
from torale.api.validation import validated
from torale.api.views import AnyAccept, IdsInPath


class SendPagination(WalkedPagination):
    """Pages of sends."""

    results_name = "sends"


@extend_schema(tags=["Notifications"])
@extend_schema_view(retrieve=extend_schema(summary="Return one send with its attempts."))
class NotificationSendViewSet(
    IdsInPath, mixins.RetrieveModelMixin, viewsets.GenericViewSet[NotificationSend]
):
    """The record of sends: which notification went to whom, when, and with what result."""

    serializer_class = SendDetailSerializer
    filterset_class = SendFilterSet
    pagination_class = SendPagination
    lookup_url_kwarg = "send_id"

    def get_queryset(self) -> NotificationSendQuerySet:
        """Return the caller's sends, newest first."""
        return NotificationSend.objects.for_user(caller(self.request)).newest_first()

    def get_object(self) -> NotificationSend:
        """Return the send in the path with its details, using three queries."""
        sends = self.get_queryset().in_detail()
        send = sends.filter(pk=self.kwargs["send_id"]).first()
        if send is None:
            raise exceptions.NotFound
        return send

    def get_renderers(self) -> Any:  # a list, which is a method's name here
        """Return the renderers that the Accept header can choose. The list also offers CSV."""
        return [*super().get_renderers(), *([CSVRenderer()] if self.action == "list" else [])]

    # The OpenAPI document describes CSV only under a path of its own: a generated client cannot
    # tell two media types apart that come with the same status.
    @extend_schema(
        summary="List the caller's sends, newest first.",
        responses={(200, "application/json"): SendSerializer(many=True)},
    )
    def list(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        """List the caller's sends, newest first.

        The rows are rendered as they come from the database. The fields are its columns, and a
        serializer would take longer than the query.
        """
        if isinstance(request.accepted_renderer, CSVRenderer):
            return self.as_csv()
        paginator = cast(SendPagination, self.paginator)
        return paginator.get_paginated_response(
            paginator.paginate_listing(self.matching_sends(), request)
        )

    def as_csv(self) -> StreamingHttpResponse:
        """Return a response that downloads all of the caller's sends that match, as CSV."""
        return csv_response(
            self.matching_sends(),
            SendSerializer.Meta.fields,
            filename="sends.csv",
            user_id=caller(self.request).pk,
        )

    def matching_sends(self) -> SendList:
        """Return the caller's sends that match the filters, as the list shows them."""
        filters = valid_values(SendFilterSet, self.request)
        return SendList(caller(self.request).pk, filters, SendSerializer.Meta.fields)

    @extend_schema(
        summary="Count the caller's sends by day, channel and status, and show how long they took.",
        operation_id="send_stats_retrieve",
        filters=True,
        responses=SendStatsSerializer,
    )
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Count the caller's sends by day, channel and status, and show how long they took."""
        given = valid_values(SendFilterSet, request, check=in_time_range)
        time_range = {name: given[name] for name in ("created_after", "created_before")}
        return Response({**time_range, **stats_of(caller(request).pk, given)})

    @extend_schema(
        summary="Deliver an ended send again, with the same payload and message id.",
        request=None,
        responses={202: SendSerializer, 409: ErrorSerializer},
    )
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, **kwargs: Any) -> Response:
        """Deliver an ended send again, with the same payload and message id."""
        send = redeliver_one(send=self.get_object(), now=clock.now())
        return Response(SendSerializer(send).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Deliver all matching ended sends again; by default those that failed.",
        request=RedeliverSerializer,
        responses={202: CountSerializer},
    )
    @action(detail=False, methods=["post"], url_path="redeliver")
    def redeliver_matching(self, request: Request) -> Response:
        """Deliver all matching ended sends again; by default those that failed."""
        given = validated(RedeliverSerializer, request.data)
        sends = NotificationSend.objects.for_user(caller(request)).filter(**lookups(given))
        count = redeliver_all(sends=sends, now=clock.now())
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


@extend_schema(tags=["Notifications"])
class SendsAsCSVViewSet(AnyAccept, NotificationSendViewSet):
    """The list of sends as CSV, under a path of its own."""

    #: Only for errors.
    renderer_classes = [JSONRenderer]

    @extend_schema(
        summary="Download the caller's sends as CSV.",
        filters=True,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def export(self, request: Request) -> StreamingHttpResponse:
        """Download the caller's sends as CSV."""
        return self.as_csv()
