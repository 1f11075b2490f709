"""Users, their addresses and API keys as JSON."""

from rest_framework import serializers

from accounts.models import USERNAME_FORM, USERNAME_FORM_MESSAGE, APIKey, EmailAddress, User
from torale.api.fields import EmailField, PatternField, TextField


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

    name = TextField(max_length=100)
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


class RevokedSerializer(serializers.Serializer[dict[str, str]]):
    """Tells that a key opens nothing any more."""

    status = serializers.ChoiceField(["revoked"])


class MessageSerializer(serializers.Serializer[dict[str, str]]):
    """Tells that it is done."""

    message = serializers.CharField()


def deliverable(email: str) -> None:
    """Refuse an address that would have to be rewritten before mail servers take it."""
    if not (email.isascii() and email.isprintable()):
        raise serializers.ValidationError(
            "Use printable ASCII characters only, and an international domain's xn-- form."
        )


class SendCodeSerializer(serializers.Serializer[EmailAddress]):
    """Where a verification code is to go."""

    email = EmailField(max_length=254, validators=[deliverable])


class CheckCodeSerializer(serializers.Serializer[EmailAddress]):
    """A verification code, and where it was mailed."""

    email = EmailField(max_length=254, validators=[deliverable])
    code = PatternField(
        r"\A[0-9]{6}\Z", error_messages={"invalid": "A verification code has 6 digits."}
    )


class VerifiedEmailsSerializer(serializers.Serializer[dict[str, object]]):
    """The addresses notifications may go to; the account's own comes first."""

    verified_emails = serializers.ListField(child=serializers.EmailField())
    primary_email = serializers.EmailField()


class UsernameQuerySerializer(serializers.Serializer[User]):
    """The query parameter of the look whether a username can be had."""

    username = serializers.CharField()


class UsernameAvailabilitySerializer(serializers.Serializer[dict[str, object]]):
    """Whether a username can be had, and why not."""

    username = serializers.CharField()
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class UsernameSerializer(serializers.Serializer[User]):
    """The username a user takes."""

    username = PatternField(USERNAME_FORM, error_messages={"invalid": USERNAME_FORM_MESSAGE})
