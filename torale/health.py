"""What a supervisor or load balancer asks: is it alive, and may it get requests?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views import View
from psycopg_pool import PoolTimeout


class Liveness(View):
    """The process answers; nothing else is looked at, so that a lost database restarts nobody."""

    def get(self, request: HttpRequest) -> JsonResponse:  # noqa: ARG002
        """Answer 200."""
        return JsonResponse({"status": "ok"})


class Readiness(View):
    """Requests can be served: the database answers."""

    def get(self, request: HttpRequest) -> JsonResponse:  # noqa: ARG002
        """Answer 200, or 503 while the database is away."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (DatabaseError, PoolTimeout):
            return JsonResponse({"detail": "The database does not answer."}, status=503)
        return JsonResponse({"status": "ok"})
