"""Users, their addresses and API keys as JSON."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.models import (
    USERNAME_FORM,
    USERNAME_FORM_MESSAGE,
    APIKey,
    EmailAddress,
    KeyStatus,
    User,
)
from torale.api.fields import DayField, EmailField, FlagField, PatternField, TextField
from torale.api.validation import LenientSerializer

#: The text for a member that can be both set and read.
WANTS_NOTICES = (
    "Whether Torale emails the user when a task cannot look, works again or may no longer see what "
    "it should, and when a webhook is switched off."
)


@extend_schema_serializer(description="The caller's own account.")
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
            "wants_notices",
            "created_at",
        ]
        extra_kwargs = {
            "id": {"help_text": "The user's id."},
            "email": {"help_text": "The account's own address. The user logs in with it."},
            "first_name": {"help_text": "The user's first name; empty if it is not known."},
            "username": {"help_text": "The username; null until the user chooses one."},
            "is_active": {"help_text": "Whether the account may be used."},
            "has_seen_welcome": {"help_text": "Whether the user has been welcomed."},
            "wants_notices": {"help_text": WANTS_NOTICES},
            "created_at": {"help_text": "When the account was created."},
        }


@extend_schema_serializer(
    description="The settings of the account that the user may change. Absent members stay as they "
    "are."
)
class UserChangeSerializer(LenientSerializer):
    """The settings of the account that the user may change."""

    wants_notices = FlagField(required=False, help_text=WANTS_NOTICES)


@extend_schema_serializer(description="An API key as it is listed, without its secret.")
class APIKeySerializer(serializers.ModelSerializer[APIKey]):
    """An API key as it is listed, without its secret."""

    name = TextField(max_length=100, help_text="A name that tells the key from the user's others.")
    key_prefix = serializers.CharField(
        source="prefix", read_only=True, help_text="The first characters of the key."
    )
    read_only = FlagField(  # type: ignore[assignment]  # DRF collects the fields from the class
        source="is_read_only",
        default=False,
        help_text="Whether the key may only read: any method but GET, HEAD and OPTIONS is refused.",
    )
    expires_on = DayField(
        allow_null=True,
        default=None,
        help_text="The last day on which the key works, until its end in UTC; null if it does not "
        "expire.",
    )
    is_active = serializers.SerializerMethodField(
        help_text="Whether the key works; false once it is revoked or has expired."
    )

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
            "read_only",
            "expires_on",
        ]
        read_only_fields = ["id", "user_id", "created_at", "last_used_at"]
        extra_kwargs = {
            "id": {"help_text": "The key's id."},
            "user_id": {"help_text": "The id of the user that the key belongs to."},
            "created_at": {"help_text": "When the key was created."},
            "last_used_at": {"help_text": "When it was last used; null if never."},
        }

    def get_is_active(self, key: APIKey) -> bool:
        """Return whether the key works."""
        return key.status == KeyStatus.ACTIVE


@extend_schema_serializer(description="A new API key with its secret, which is shown only once.")
class CreatedAPIKeySerializer(serializers.Serializer[dict[str, object]]):
    """A new API key with its secret, which is shown only once."""

    key = serializers.CharField(help_text="The key itself. Store it: it is not shown again.")
    key_info = APIKeySerializer(help_text="The key as it is listed.")


@extend_schema_serializer(description="Confirms that a key has been revoked.")
class RevokedSerializer(serializers.Serializer[dict[str, str]]):
    """Confirms that a key has been revoked."""

    status = serializers.ChoiceField(["revoked"], help_text="`revoked`.")


@extend_schema_serializer(description="Confirms that the request was carried out.")
class MessageSerializer(serializers.Serializer[dict[str, str]]):
    """Confirms that the request was carried out."""

    message = serializers.CharField(help_text="What was done, in words.")


def deliverable(email: str) -> None:
    """Check that mail servers accept the address as it is written.

    Raises:
        ValidationError: the address has characters that would have to be encoded first.
    """
    if not (email.isascii() and email.isprintable()):
        raise serializers.ValidationError(
            "Use printable ASCII characters only, and an international domain's xn-- form."
        )


@extend_schema_serializer(description="The address to mail a verification code to.")
class SendCodeSerializer(serializers.Serializer[EmailAddress]):
    """The address to mail a verification code to."""

    email = EmailField(max_length=254, validators=[deliverable], help_text="The address to verify.")


@extend_schema_serializer(description="Confirms that a code is being sent.")
class SentCodeSerializer(serializers.Serializer[dict[str, object]]):
    """Confirms that a code is being sent."""

    message = serializers.CharField(help_text="What was done, in words.")
    expires_in_minutes = serializers.IntegerField(
        required=False,
        help_text="How many minutes the code is valid; absent if the address was already verified.",
    )


@extend_schema_serializer(description="A verification code, and the address it was mailed to.")
class CheckCodeSerializer(serializers.Serializer[EmailAddress]):
    """A verification code, and the address it was mailed to."""

    email = EmailField(max_length=254, validators=[deliverable], help_text="The address to verify.")
    code = PatternField(
        r"\A[0-9]{6}\Z",
        error_messages={"invalid": "A verification code has 6 digits."},
        help_text="The 6 digits that were mailed to the address.",
    )


@extend_schema_serializer(
    description="The addresses that notifications may go to; the account's own comes first."
)
class VerifiedAddressesSerializer(serializers.Serializer[dict[str, object]]):
    """The addresses that notifications may go to; the account's own comes first."""

    verified_emails = serializers.ListField(
        child=serializers.EmailField(), help_text="All addresses, the account's own first."
    )
    primary_email = serializers.EmailField(help_text="The account's own address.")


class UsernameQuerySerializer(serializers.Serializer[User]):
    """The query parameter of the check whether a username is available."""

    username = serializers.CharField(help_text="The username to check.")


@extend_schema_serializer(description="Whether a username is available, and if not, why.")
class UsernameAvailabilitySerializer(serializers.Serializer[dict[str, object]]):
    """Whether a username is available, and if not, why."""

    username = serializers.CharField(help_text="The username that was checked.")
    available = serializers.BooleanField(help_text="Whether the username is available.")
    reason = serializers.CharField(
        allow_null=True, help_text="Why it is not available; null if it is."
    )


@extend_schema_serializer(description="The username that the user chooses.")
class UsernameSerializer(serializers.Serializer[User]):
    """The username that the user chooses."""

    username = PatternField(
        USERNAME_FORM,
        error_messages={"invalid": USERNAME_FORM_MESSAGE},
        help_text="The username to set. It cannot be changed later.",
    )
