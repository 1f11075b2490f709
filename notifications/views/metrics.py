"""The view at /metrics."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

from notifications.metrics import DeliveryCollector
from tasks.metrics import VisitCollector
from torale.api.renderers import JSONRenderer
from torale.api.views import AnyAccept, CheckedNames
from torale.processes import ProcessCollector


@extend_schema(tags=["Operation"])
class MetricsView(CheckedNames, AnyAccept, APIView):
    """Figures about processes, visits and delivery for Prometheus.

    Only operators' keys may read them, because they are about all users.
    """

    permission_classes = [IsAdminUser]
    #: Only for errors.
    renderer_classes = [JSONRenderer]

    @extend_schema(
        summary="Return the gauges in Prometheus' text format.",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the gauges in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(ProcessCollector())
        registry.register(VisitCollector())
        registry.register(DeliveryCollector())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
