"""Everything under /notifications."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters import SendFilterSet
from notifications.models import NotificationSend
from notifications.serializers import SendSerializer
from torale.api.pagination import CountedPagination
from torale.api.views import IdsInPath


class SendPagination(CountedPagination):
    """Pages of sends."""

    results_name = "sends"


class NotificationSendViewSet(IdsInPath, viewsets.GenericViewSet[NotificationSend]):
    """The record of who was told what, when, and how it went."""

    serializer_class = SendSerializer
    filterset_class = SendFilterSet
    pagination_class = SendPagination
    lookup_url_kwarg = "send_id"

    def get_queryset(self) -> QuerySet[NotificationSend]:
        """Return the caller's sends, newest first."""
        return NotificationSend.objects.for_user(self.request.user).newest_first()  # type: ignore[arg-type]

    def list(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """List the caller's sends.

        The rows are rendered as the database gives them: the fields are the columns, and a
        serializer would take longer than the query.
        """
        sends = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(sends.values(*SendSerializer.Meta.fields))
        return self.get_paginated_response(page)
