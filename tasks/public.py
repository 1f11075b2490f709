"""The views that need no key: public tasks, their feed and RSS."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from executions.models import Execution
from tasks import feeds
from tasks.conditional import ConditionalGet
from tasks.models import Task, TaskQuerySet, attach_last_executions
from tasks.rows import task_rows
from tasks.serializers import (
    FeedEntrySerializer,
    PublicTasksQuerySerializer,
    PublicTasksSerializer,
    TaskReadSerializer,
    shown_to,
    without_error,
)
from tasks.view_counts import view_counter
from torale.api.pagination import CountedPagination, Pagination
from torale.api.renderers import JSONRenderer
from torale.api.schema import CONDITIONAL, ErrorSerializer
from torale.api.throttling import AddressThrottle
from torale.api.validation import validated
from torale.api.views import AnyAccept, IdsInPath
from torale.limits import Limit

MINUTE = timedelta(minutes=1)


class PublicTaskPagination(CountedPagination):
    """Pages of public tasks, which also contain their `offset` and `limit`."""

    default_limit = 20
    max_limit = 100

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows with the exact total, the page's position and the links."""
        return Response(
            {"tasks": data, "total": self.count, "offset": self.offset, "limit": self.limit},
            headers={"Link": self.links()},
        )


class PublicFeedPagination(Pagination):
    """Pages of the public feed: smaller than those for callers with a key."""

    max_limit = 100


class PublicView(IdsInPath, ConditionalGet, GenericAPIView[Any]):
    """A view that needs no key, with a limit per client address. A wrong key is still refused."""

    permission_classes = [AllowAny]
    throttle_classes = [AddressThrottle]
    filter_backends = []
    limit: Limit

    def get_queryset(self) -> TaskQuerySet:
        """Return the public tasks."""
        return Task.objects.public()

    def get_object(self) -> Task:
        """Return the public task in the path.

        Raises:
            Http404: there is no public task with this id.
        """
        task = self.get_queryset().filter(pk=self.kwargs["task_id"]).first()
        if task is None:
            raise Http404
        return task


@extend_schema(tags=["Public"])
class PublicTasksView(PublicView):
    """The list of public tasks."""

    limit = Limit("public_tasks", 10, MINUTE)
    serializer_class = TaskReadSerializer
    pagination_class = PublicTaskPagination

    def get_queryset(self) -> TaskQuerySet:
        """Return the public tasks in the requested order."""
        query = self.request.query_params.dict()
        sort_by = validated(PublicTasksQuerySerializer, query, source="query")["sort_by"]
        tasks = task_rows(super().get_queryset())
        return tasks.most_popular_first() if sort_by == "popular" else tasks.newest_first()

    @extend_schema(
        summary="List public tasks, the newest or the most popular first.",
        operation_id="public_task_list",
        parameters=[PublicTasksQuerySerializer, *CONDITIONAL],
        responses={200: PublicTasksSerializer, 304: None, 412: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        """List public tasks, the newest or the most popular first."""
        page = self.paginate_queryset(self.get_queryset()) or ()
        return self.get_paginated_response(shown_to(request.user, page))


@extend_schema(tags=["Public"])
class PublicTaskView(PublicView):
    """One public task."""

    limit = Limit("public_task", 20, MINUTE)
    serializer_class = TaskReadSerializer

    @extend_schema(
        summary="Show a public task; private members only to its owner.",
        parameters=CONDITIONAL,
        responses={200: TaskReadSerializer, 304: None, 412: ErrorSerializer},
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Show a public task; private members only to its owner.

        A request with If-None-Match does not count as a view: the caller was counted when they got
        their copy, and counting again would change the answer, so that no copy would ever be valid.
        """
        [task] = attach_last_executions([self.get_object()])
        if request.method == "GET" and "If-None-Match" not in request.headers:
            view_counter.add(task, by=request.user)
        return Response(self.get_serializer(task).data)


@extend_schema(tags=["Public"])
class PublicFeedView(PublicView):
    """The notifications of all public tasks."""

    limit = Limit("public_feed", 10, MINUTE)
    serializer_class = FeedEntrySerializer
    pagination_class = PublicFeedPagination

    @extend_schema(
        summary="List the latest executions with a notification, newest first.",
        parameters=CONDITIONAL,
        responses={200: FeedEntrySerializer(many=True), 304: None, 412: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        """List the latest executions with a notification, newest first."""
        entries = self.get_queryset().feed().values(*FeedEntrySerializer.Meta.fields)
        page = self.paginate_queryset(entries) or ()
        return self.get_paginated_response([without_error(entry) for entry in page])


@extend_schema(tags=["Public"])
class TaskRSSView(AnyAccept, PublicView):
    """A public task's notifications as RSS, whatever media types a feed reader accepts."""

    limit = Limit("task_rss", 10, MINUTE)
    #: Only for errors.
    renderer_classes = [JSONRenderer]

    @extend_schema(
        summary="Show the latest notifications as RSS 2.0.",
        parameters=CONDITIONAL,
        responses={
            (200, "application/rss+xml"): OpenApiTypes.STR,
            304: None,
            412: ErrorSerializer,
        },
    )
    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Show the latest notifications as RSS 2.0."""
        task = self.get_object()
        told = list(Execution.objects.of_task(task.pk).with_notification()[: feeds.LENGTH])
        times = [execution.completed_at for execution in told if execution.completed_at]
        changed_at = max(*times, task.created_at, task.updated_at or task.created_at)
        return HttpResponse(
            feeds.rss(task, told),
            content_type=feeds.CONTENT_TYPE,
            headers={"Last-Modified": http_date(changed_at.timestamp())},
        )
