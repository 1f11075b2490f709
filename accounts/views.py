"""Everything under /auth, /email-verification and /users."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import caller
from accounts.models import APIKey, DayIsPast, EmailAddress, User
from accounts.serializers import (
    APIKeySerializer,
    CheckCodeSerializer,
    CreatedAPIKeySerializer,
    MessageSerializer,
    RevokedSerializer,
    SendCodeSerializer,
    SentCodeSerializer,
    UserChangeSerializer,
    UsernameAvailabilitySerializer,
    UsernameQuerySerializer,
    UsernameSerializer,
    UserSerializer,
    VerifiedAddressesSerializer,
)
from accounts.usernames import refusal_of, set_username
from accounts.verification import (
    CODE_VALID,
    check_code,
    forget,
    send_code,
    verified_emails,
)
from torale import clock
from torale.api.errors import Unprocessable
from torale.api.pagination import LongPagination
from torale.api.schema import ErrorSerializer
from torale.api.validation import validated
from torale.api.views import CheckedNames, IdsInPath, NotStored

#: The answer for an address that needs no code.
ALREADY_VERIFIED = "Email already verified"


@extend_schema(tags=["Account"])
@extend_schema_view(get=extend_schema(summary="Return the caller's account."))
class MeView(NotStored, CheckedNames, RetrieveAPIView[User]):
    """The caller's own account."""

    serializer_class = UserSerializer

    def get_object(self) -> User:
        """Return the caller."""
        return caller(self.request)

    @extend_schema(
        summary="Change the account's settings.",
        request=UserChangeSerializer,
        responses=UserSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change the account's settings."""
        given = validated(UserChangeSerializer, request.data)
        user = self.get_object()
        if "wants_notices" in given:
            user.wants_notices = given["wants_notices"]
            user.save(update_fields=["wants_notices"])
        return Response(self.get_serializer(user).data)


@extend_schema(tags=["Account"])
@extend_schema_view(list=extend_schema(summary="List the caller's API keys, newest first."))
class APIKeyViewSet(NotStored, IdsInPath, mixins.ListModelMixin, viewsets.GenericViewSet[APIKey]):
    """The caller's API keys. Several may be active at once, so that they can be rotated."""

    serializer_class = APIKeySerializer
    pagination_class = LongPagination
    lookup_url_kwarg = "key_id"

    def get_queryset(self) -> QuerySet[APIKey]:
        """Return the caller's keys, newest first."""
        return APIKey.objects.for_user(caller(self.request)).with_status().order_by("-id")

    @extend_schema(
        summary="Create an API key; only this answer contains its secret.",
        responses={200: CreatedAPIKeySerializer},
    )
    def create(self, request: Request) -> Response:
        """Create an API key; only this answer contains its secret."""
        body: Any = request.data
        given = validated(APIKeySerializer, body)
        try:
            key, secret = APIKey.objects.create_key(user=caller(request), **given)
        except DayIsPast as error:
            faults = {"expires_on": [str(error)]}
            raise Unprocessable(faults, source="body", given=body) from error
        return Response(CreatedAPIKeySerializer({"key": secret, "key_info": key}).data)

    @extend_schema(
        summary="Revoke an API key; it stays in the list as inactive.",
        responses={200: RevokedSerializer},
    )
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Revoke an API key; it stays in the list as inactive."""
        self.get_object().revoke()
        return Response(RevokedSerializer({"status": "revoked"}).data)


def message(text: str) -> Response:
    """Answer with `text` as the message."""
    return Response(MessageSerializer({"message": text}).data)


@extend_schema(tags=["Account"])
class EmailVerificationViewSet(CheckedNames, viewsets.GenericViewSet[EmailAddress]):
    """The caller's email addresses besides the account's own, verified by a mailed code."""

    @extend_schema(
        summary="Mail a code to an address; at most 3 an hour, 5 to one address from all accounts.",
        responses={200: SentCodeSerializer},
    )
    @action(detail=False, methods=["post"], serializer_class=SendCodeSerializer)
    def send(self, request: Request) -> Response:
        """Mail a code to an address; at most 3 an hour, 5 to one address from all accounts."""
        given = validated(SendCodeSerializer, request.data)
        address = send_code(user=caller(request), now=clock.now(), **given)
        if address is None:
            return message(ALREADY_VERIFIED)
        sent = {
            "message": f"Verification code sent to {address.email}",
            "expires_in_minutes": CODE_VALID // timedelta(minutes=1),
        }
        return Response(SentCodeSerializer(sent).data)

    @extend_schema(
        summary="Verify an address with the code that was mailed to it.",
        responses={200: MessageSerializer, 400: ErrorSerializer},
    )
    @action(detail=False, methods=["post"], serializer_class=CheckCodeSerializer)
    def verify(self, request: Request) -> Response:
        """Verify an address with the code that was mailed to it."""
        given = validated(CheckCodeSerializer, request.data)
        is_new = check_code(user=caller(request), now=clock.now(), **given)
        return message("Email verified" if is_new else ALREADY_VERIFIED)

    @extend_schema(
        summary="List the addresses that notifications may go to.",
        operation_id="verified_email_list",
    )
    @action(detail=False, url_path="verified-emails", serializer_class=VerifiedAddressesSerializer)
    def verified_emails(self, request: Request) -> Response:
        """List the addresses that notifications may go to."""
        emails = verified_emails(user=caller(request))
        return Response(
            self.get_serializer({"verified_emails": emails, "primary_email": emails[0]}).data
        )

    # An address may contain a slash, but not a NUL, which PostgreSQL does not accept in a text.
    @extend_schema(
        summary="Remove a verified address.",
        operation_id="verified_email_destroy",
        parameters=[
            OpenApiParameter(
                "email", location=OpenApiParameter.PATH, description="The address to remove."
            )
        ],
        responses={200: MessageSerializer, 400: ErrorSerializer},
    )
    @action(
        detail=False,
        methods=["delete"],
        url_path=r"verified-emails/(?P<email>[^\x00]+?)",
        serializer_class=MessageSerializer,
    )
    def remove(self, request: Request, email: str) -> Response:
        """Remove a verified address."""
        try:
            forget(user=caller(request), email=email)
        except EmailAddress.DoesNotExist as error:
            raise exceptions.NotFound from error
        return message("Email removed")


@extend_schema(tags=["Account"])
class UsernameAvailabilityView(CheckedNames, GenericAPIView[Any]):
    """Whether a username is available."""

    serializer_class = UsernameAvailabilitySerializer

    @extend_schema(
        summary="Tell whether a username is available, and if not, why.",
        parameters=[UsernameQuerySerializer],
    )
    def get(self, request: Request) -> Response:
        """Tell whether a username is available, and if not, why."""
        given = validated(UsernameQuerySerializer, request.query_params.dict(), source="query")
        username = given["username"]
        reason = refusal_of(username)
        return Response(
            self.get_serializer(
                {"username": username, "available": reason is None, "reason": reason}
            ).data
        )


@extend_schema(tags=["Account"])
class UsernameView(CheckedNames, GenericAPIView[User]):
    """The caller's username."""

    serializer_class = UsernameSerializer

    @extend_schema(
        summary="Set the caller's username; it cannot be changed later.",
        request=UsernameSerializer,
        responses={200: UserSerializer, 400: ErrorSerializer, 409: ErrorSerializer},
    )
    def patch(self, request: Request) -> Response:
        """Set the caller's username; it cannot be changed later."""
        user = caller(request)
        set_username(user=user, **validated(UsernameSerializer, request.data))
        return Response(UserSerializer(user).data)
