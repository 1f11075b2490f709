"""Executions as JSON."""

from rest_framework import serializers

from executions.models import Execution


class ResultSerializer(serializers.Serializer[dict[str, object]]):
    """What was found out."""

    evidence = serializers.CharField()
    confidence = serializers.IntegerField(min_value=0, max_value=100)
    sources = serializers.ListField(child=serializers.URLField())
    activity = serializers.ListField(child=serializers.JSONField())


class GroundingSourceSerializer(serializers.Serializer[dict[str, str]]):
    """A page the answer rests on; `url` and `uri` are the same, clients of both spellings exist."""

    url = serializers.URLField()
    uri = serializers.URLField()
    title = serializers.CharField()


class ExecutionSerializer(serializers.ModelSerializer[Execution]):
    """One asking and its answer."""

    result = ResultSerializer(allow_null=True)
    grounding_sources = GroundingSourceSerializer(many=True)

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
