"""The index of the API: where its parts are, for programs and for people in a browser."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

#: The parts of the API, each with the name of its route.
PARTS = {
    "tasks": "task-list",
    "feed": "task-feed",
    "notification_sends": "send-list",
    "webhook_config": "webhook-config",
    "webhook_deliveries": "webhook-deliveries",
    "email_verification": "email-verification-verified-emails",
    "public_tasks": "public-tasks",
    "public_feed": "public-feed",
    "api_keys": "api-key-list",
    "me": "me",
    "docs": "docs",
    "openapi": "openapi",
}


class IndexSerializer(serializers.Serializer[Any]):
    """The address of each part of the API."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each part."""
        return {name: serializers.URLField() for name in PARTS}


class IndexView(APIView):
    """Where the parts of the API are. No key is needed."""

    permission_classes = [AllowAny]

    @extend_schema(responses=IndexSerializer, tags=["Operation"])
    def get(self, request: Request) -> Response:
        """Return where the parts of the API are."""
        return Response({name: reverse(route, request=request) for name, route in PARTS.items()})
