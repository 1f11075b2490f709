"""Previews as JSON: what a caller may try, and what is shown of it."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from executions.pages.offers import PriceSource
from executions.serializers import UsageSerializer
from tasks.fields import RequestHeadersField
from tasks.previews import Preview
from tasks.serializers import QUESTION, REQUEST_HEADERS
from torale.api.fields import StoredSerializer, TextField
from torale.api.validation import LenientSerializer

PRICE_SOURCES = [source.value for source in PriceSource]


@extend_schema_serializer(description="A question to try.")
class PreviewWriteSerializer(LenientSerializer):
    """A question to try."""

    search_query = TextField(max_length=2000, help_text=QUESTION)
    condition_description = TextField(
        required=False, max_length=2000, help_text="The condition to apply; by default `changes`."
    )
    request_headers = RequestHeadersField(
        required=False, help_text=f"{REQUEST_HEADERS} They are kept until the pages are read."
    )


@extend_schema_serializer(description="A preview that was requested.")
class RequestedPreviewSerializer(serializers.ModelSerializer[Preview]):
    """A preview that was requested."""

    class Meta:
        model = Preview
        fields = ["id", "status"]
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "The preview's id."},
            "status": {
                "help_text": "`pending`: waits for a worker. `running`: a worker visits the pages. "
                "`success`: at least one page was read. `failed`: nothing could be read."
            },
        }


@extend_schema_serializer(description="An entry of a feed.")
class PreviewedItemSerializer(StoredSerializer):
    """An entry of a feed."""

    title = serializers.CharField(help_text="Its title.")
    url = serializers.CharField(help_text="Its link.")
    text = serializers.CharField(help_text="The beginning of what it says.")


@extend_schema_serializer(description="The price that `price` means on a page.")
class PreviewedPriceSerializer(StoredSerializer):
    """The price that `price` means on a page."""

    amount = serializers.CharField(help_text="The number, written like 1299.95.")
    currency = serializers.CharField(
        help_text="The code of its currency (ISO 4217), or a sign such as `$` if it may be one of "
        "several; empty if the page names none."
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=PRICE_SOURCES,
        help_text="Where it was found. `json_ld`, `microdata` (also RDFa Lite) and `open_graph` "
        "are data for search engines; `text` is what a part of the page shows.",
    )


@extend_schema_serializer(description="What a selector of the condition found on a page.")
class PreviewedPartSerializer(StoredSerializer):
    """What a selector of the condition found on a page."""

    selector = serializers.CharField(help_text="The selector, as the condition writes it.")
    text = serializers.CharField(
        allow_null=True, help_text="The text that it found; null if it found nothing."
    )


@extend_schema_serializer(description="What was read on a page; only `url` and `error` if nothing.")
class PreviewedPageSerializer(StoredSerializer):
    """What was read on a page; only `url` and `error` if nothing."""

    url = serializers.CharField(help_text="The page's URL, as the query names it.")
    error = serializers.CharField(
        allow_null=True, help_text="Why the page could not be read; null if it was read."
    )
    title = serializers.CharField(required=False, help_text="The page's title.")
    text = serializers.CharField(
        required=False, help_text="The beginning of the page's text: up to 10,000 characters."
    )
    characters = serializers.IntegerField(
        required=False, help_text="How many characters the whole text has."
    )
    items = PreviewedItemSerializer(
        many=True, required=False, help_text="The first 50 entries, if the page is a feed."
    )
    price = PreviewedPriceSerializer(
        required=False,
        allow_null=True,
        help_text="The price that `price` means, in the part that the condition names for it or "
        "else on the whole page; null if it is unknown.",
    )
    selected = PreviewedPartSerializer(
        many=True, required=False, help_text="What the condition's selectors found."
    )
    holds = serializers.BooleanField(
        required=False, help_text="Whether the condition is true on this page now."
    )
    evidence = serializers.CharField(required=False, help_text="Why, in words.")


@extend_schema_serializer(description="What came of trying a question.")
class PreviewSerializer(RequestedPreviewSerializer):
    """What came of trying a question."""

    holds = serializers.BooleanField(
        source="result.holds",
        default=None,
        allow_null=True,
        help_text="Whether the condition is true now; null until the pages are read.",
    )
    evidence = serializers.CharField(
        source="result.evidence",
        default=None,
        allow_null=True,
        help_text="Why, in words; null until the pages are read.",
    )
    pages = PreviewedPageSerializer(
        source="result.pages",
        default=[],
        many=True,
        help_text="What was read, an entry for each page; empty until the pages are read.",
    )
    warnings = serializers.ListField(
        source="result.warnings",
        default=[],
        child=serializers.CharField(),
        help_text="Sentences about what may surprise you.",
    )
    activity = serializers.ListField(
        source="result.activity",
        default=[],
        child=serializers.JSONField(),
        help_text="What a language model did to find out, and what was checked, in order. The "
        "members of a step depend on what it is.",
    )
    usage = UsageSerializer(
        source="result.usage",
        default=None,
        allow_null=True,
        help_text="What asking a language model took; null if none was asked.",
    )

    class Meta(RequestedPreviewSerializer.Meta):
        fields = [
            "id",
            "status",
            "error_message",
            "holds",
            "evidence",
            "pages",
            "warnings",
            "activity",
            "usage",
            "created_at",
            "expires_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            **RequestedPreviewSerializer.Meta.extra_kwargs,
            "error_message": {"help_text": "Why nothing could be read; null otherwise."},
            "created_at": {"help_text": "When the preview was requested."},
            "expires_at": {"help_text": "When this answer ends; then there is a 404."},
        }
