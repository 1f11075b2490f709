"""Executions as JSON."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from executions.models import Execution
from torale.api.fields import StoredSerializer


@extend_schema_serializer(description="A page that could not be read.")
class FailedPageSerializer(StoredSerializer):
    """A page that could not be read."""

    url = serializers.URLField(help_text="The page's URL.")
    error = serializers.CharField(help_text="Why it could not be read, in words.")


@extend_schema_serializer(description="What asking a language model took.")
class UsageSerializer(StoredSerializer):
    """What asking a language model took."""

    model = serializers.CharField(
        help_text="The names of the models that answered, separated by commas."
    )
    requests = serializers.IntegerField(help_text="How many requests it took.")
    input_tokens = serializers.IntegerField(help_text="How many tokens were sent.")
    output_tokens = serializers.IntegerField(help_text="How many tokens were received.")
    cost_usd = serializers.FloatField(
        allow_null=True, help_text="The cost in US dollars; null if the price is not known."
    )
    seconds = serializers.FloatField(help_text="How many seconds it took.")


@extend_schema_serializer(description="The answer to a task's question.")
class ResultSerializer(StoredSerializer):
    """The answer to a task's question."""

    evidence = serializers.CharField(help_text="What the answer is based on, in words.")
    confidence = serializers.IntegerField(
        min_value=0, max_value=100, help_text="How certain the answer is, in percent."
    )
    sources = serializers.ListField(
        child=serializers.URLField(), help_text="The URLs of the pages that were read."
    )
    activity = serializers.ListField(
        child=serializers.JSONField(),
        help_text="The steps that were taken, in order. The members of a step depend on the "
        "monitor.",
    )
    failed_pages = FailedPageSerializer(
        many=True,
        required=False,
        help_text="The pages that could not be read, while others could; empty for anyone but the "
        "task's owner.",
    )
    usage = UsageSerializer(
        required=False,
        help_text="What asking a language model took; absent if none was asked, and for anyone but "
        "the task's owner.",
    )


@extend_schema_serializer(
    description="A page that the answer is based on. `url` and `uri` are the same, because "
    "clients use either name."
)
class GroundingSourceSerializer(StoredSerializer):
    """A page that the answer is based on. `url` and `uri` are the same: clients use either name."""

    url = serializers.URLField(help_text="The page's URL.")
    uri = serializers.URLField(help_text="The same as `url`.")
    title = serializers.CharField(help_text="The page's title.")


@extend_schema_serializer(description="One run of a task's question, and its answer.")
class ExecutionSerializer(serializers.ModelSerializer[Execution]):
    """One run of a task's question, and its answer."""

    result = ResultSerializer(allow_null=True, help_text="The answer; null until there is one.")
    grounding_sources = GroundingSourceSerializer(
        many=True,
        help_text="The pages that the answer is based on; empty until there is an answer.",
    )

    class Meta:
        model = Execution
        fields = [
            "id",
            "task_id",
            "status",
            "started_at",
            "completed_at",
            "result",
            "notification",
            "grounding_sources",
            "error_message",
            "created_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "The execution's id."},
            "task_id": {"help_text": "The id of the task whose question was asked."},
            "status": {
                "help_text": "`pending`: waits for a worker. `running`: a worker is asking. "
                "`success`: answered. `retrying`: failed, and will be asked again; if "
                "`error_message` is null, the page has news and is looked at once more before they "
                "are told. `failed`: given up. `cancelled`: replaced by a newer execution."
            },
            "started_at": {
                "help_text": "When the latest attempt began; before the first attempt, when the "
                "execution was created."
            },
            "completed_at": {"help_text": "When the execution ended; null until then."},
            "notification": {
                "help_text": "The notification, as Markdown; null unless the condition was met."
            },
            "error_message": {
                "help_text": "Why the latest attempt failed; null if it succeeded, and for anyone "
                "but the task's owner."
            },
            "created_at": {"help_text": "When the execution was created."},
        }
