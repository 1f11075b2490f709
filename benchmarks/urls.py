"""The product's URLs, and a view that does as little as an authenticated view can."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from torale.urls import *  # noqa: F403
from torale.urls import urlpatterns as torale_urls


class EmptyView(APIView):
    """Authenticates and answers `{}`."""

    def get(self, request: Request) -> Response:
        return Response({})


# Below /api/v1, as for calls there the middleware leaves out what only browsers need.
urlpatterns = [path("api/v1/empty", EmptyView.as_view()), *torale_urls]
