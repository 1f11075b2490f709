"""Users and API keys as JSON."""

from rest_framework import serializers

from accounts.models import APIKey, User


class UserSerializer(serializers.ModelSerializer[User]):
    """The caller's own account."""

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "first_name",
            "username",
            "is_active",
            "has_seen_welcome",
            "created_at",
        ]


class APIKeySerializer(serializers.ModelSerializer[APIKey]):
    """An API key as its owner may see it again: without the secret."""

    key_prefix = serializers.CharField(source="prefix", read_only=True)
    is_active = serializers.BooleanField(read_only=True)

    class Meta:
        model = APIKey
        fields = [
            "id",
            "user_id",
            "key_prefix",
            "name",
            "created_at",
            "last_used_at",
            "is_active",
        ]
        read_only_fields = ["id", "user_id", "created_at", "last_used_at"]


class CreatedAPIKeySerializer(serializers.Serializer[dict[str, object]]):
    """A new API key with its secret, shown this once."""

    key = serializers.CharField()
    key_info = APIKeySerializer()
