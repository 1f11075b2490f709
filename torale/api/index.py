"""The index of the API: the URLs of its parts, for programs and for people in a browser."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from torale.api.views import CheckedNames

#: The parts of the API, each with the name of its route and a description.
PARTS = {
    "tasks": ("task-list", "The caller's tasks."),
    "feed": ("task-feed", "The notifications of all of the caller's tasks."),
    "notification_sends": ("send-list", "The record of the caller's notifications."),
    "webhook_config": ("webhook-config", "The default webhook and the secret that signs webhooks."),
    "webhook_endpoints": ("webhook-endpoint-list", "The URLs that webhooks go to."),
    "webhook_deliveries": ("webhook-deliveries", "The attempts to deliver webhooks."),
    "email_verification": ("email-verification-verified-emails", "The verified addresses."),
    "public_tasks": ("public-tasks", "The public tasks of all users; needs no key."),
    "public_feed": ("public-feed", "The notifications of public tasks; needs no key."),
    "api_keys": ("api-key-list", "The caller's API keys."),
    "me": ("me", "The caller's account."),
    "docs": ("docs", "The reference, as a page."),
    "openapi": ("openapi", "The reference, as an OpenAPI document."),
}


@extend_schema_serializer(description="The URL of each part of the API.")
class IndexSerializer(serializers.Serializer[Any]):
    """The URL of each part of the API."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each part."""
        return {name: serializers.URLField(help_text=text) for name, (_, text) in PARTS.items()}


@extend_schema(tags=["Operation"])
class IndexView(CheckedNames, APIView):
    """The URLs of the API's parts. No key is needed."""

    permission_classes = [AllowAny]

    @extend_schema(summary="Return the URLs of the API's parts.", responses=IndexSerializer)
    def get(self, request: Request) -> Response:
        """Return the URLs of the API's parts."""
        return Response(
            {name: reverse(route, request=request) for name, (route, _) in PARTS.items()}
        )
