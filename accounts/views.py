"""Everything under /auth."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, viewsets
from rest_framework.generics import RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import APIKey, User
from accounts.serializers import APIKeySerializer, CreatedAPIKeySerializer, UserSerializer
from torale.api.views import IdsInPath


class MeView(RetrieveAPIView[User]):
    """The caller's own account."""

    serializer_class = UserSerializer

    def get_object(self) -> User:
        """Return the caller."""
        return self.request.user  # type: ignore[return-value]


class APIKeyViewSet(IdsInPath, mixins.ListModelMixin, viewsets.GenericViewSet[APIKey]):
    """The caller's API keys: several may be active at once, so that they can be rotated."""

    serializer_class = APIKeySerializer
    lookup_url_kwarg = "key_id"

    def get_queryset(self) -> QuerySet[APIKey]:
        """Return the caller's keys, newest first."""
        return APIKey.objects.for_user(self.request.user).order_by("-id")  # type: ignore[arg-type]

    def create(self, request: Request) -> Response:
        """Make a key; its secret is in this answer and nowhere else."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key, secret = APIKey.objects.create_key(
            user=request.user,  # type: ignore[arg-type]
            name=serializer.validated_data["name"],
        )
        return Response(CreatedAPIKeySerializer({"key": secret, "key_info": key}).data)

    def destroy(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """Revoke a key; it stays listed, inactive."""
        self.get_object().revoke()
        return Response({"status": "revoked"})
