"""The settings of drf-spectacular, which writes the OpenAPI document."""

from typing import Any

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Torale",
    "DESCRIPTION": "Tell me when: tasks that watch the web, and the record of who was told.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # The serializer of a PATCH says itself which fields may be left out.
    "COMPONENT_SPLIT_PATCH": False,
    # Sessions are for the browsable API, which needs no description.
    "AUTHENTICATION_WHITELIST": ["accounts.authentication.BearerAuthentication"],
    "ENUM_NAME_OVERRIDES": {
        "TaskState": "tasks.models.State",
        "ExecutionStatus": "executions.models.ExecutionStatus",
        "PreviewStatus": "tasks.previews.PreviewStatus",
        "PriceSourceType": "tasks.preview_serializers.PRICE_SOURCES",
        "EventType": "notifications.models.EventType",
        "SendStatus": "notifications.models.SendStatus",
        "EndedSendStatus": "notifications.serializers.ENDED",
        "AttemptStatus": "notifications.models.send.AttemptStatus",
        "NotificationType": "notifications.models.NotificationType",
        "EmailDestinationType": ["email"],
        "WebhookDestinationType": ["webhook"],
        "WebhookMethod": "tasks.destinations.METHODS",
        "WebhookFormatType": "notifications.serializers.FORMAT_CHOICES",
        "RevokedStatus": ["revoked"],
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # A docstring is for those who change the code: `extend_schema` describes the API.
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "GET_MOCK_REQUEST": "torale.api.schema.mock_request",
    "PREPROCESSING_HOOKS": ["torale.api.schema.without_slash"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "torale.api.schema.with_named_enums",
        "torale.api.schema.with_examples",
        "torale.api.schema.in_order",
    ],
    # The scripts and styles of these pages come from this server, not from another host.
    "SWAGGER_UI_DIST": "SIDECAR",
    # A link to each call would stand inside the button that opens it, where nobody can reach it by
    # keyboard.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_AUTHENTICATION": [],
}
