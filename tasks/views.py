"""The views under /tasks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import caller
from executions.models import Execution
from executions.monitors import BadQuestion
from executions.rows import execution_rows, shown_execution
from executions.serializers import ExecutionSerializer
from tasks import preview
from tasks.filters import ExecutionFilterSet, TaskFilterSet
from tasks.fork import fork_task
from tasks.lifecycle import create_task, delete_task, update_task
from tasks.models import Task, TaskQuerySet, attach_last_executions
from tasks.preview_serializers import (
    PreviewSerializer,
    PreviewWriteSerializer,
    RequestedPreviewSerializer,
)
from tasks.previews import Preview
from tasks.rows import task_rows
from tasks.run import start
from tasks.serializers import (
    ExecuteSerializer,
    FeedEntrySerializer,
    ForkSerializer,
    TaskChangeSerializer,
    TaskReadSerializer,
    TaskWriteSerializer,
    VisibilitySerializer,
    shown_to,
    without_error,
)
from tasks.view_counts import view_counter
from torale import clock
from torale.api.pagination import LongPagination, Pagination
from torale.api.schema import ErrorSerializer
from torale.api.validation import validated
from torale.api.views import IdsInPath


@contextmanager
def bad_questions_are_faults() -> Iterator[None]:
    """Answer 422 for the body if no monitor can answer the question."""
    try:
        yield
    except BadQuestion as error:
        raise exceptions.ValidationError(error.faults) from error


@extend_schema(tags=["Tasks"])
@extend_schema_view(
    destroy=extend_schema(
        summary="Delete a task and its executions; the record of its sends stays."
    ),
)
class TaskViewSet(IdsInPath, mixins.DestroyModelMixin, viewsets.GenericViewSet[Any]):
    """The caller's tasks. Public tasks of other users can be read and forked."""

    serializer_class = TaskReadSerializer
    filterset_class = TaskFilterSet
    pagination_class = LongPagination
    lookup_url_kwarg = "task_id"
    #: Actions that anyone may call on a public task, without a key.
    readable = frozenset({"retrieve", "executions", "notifications"})
    #: Actions that callers with a key may call on another user's public task.
    shared = readable | {"fork"}

    def get_permissions(self) -> Sequence[Any]:
        """Require a key, except for the actions in `readable`."""
        if self.action in self.readable:
            return [IsAuthenticatedOrReadOnly()]
        return super().get_permissions()

    def get_queryset(self) -> TaskQuerySet:
        """Return the tasks that the action may use."""
        if self.action in self.shared:
            return Task.objects.visible_to(self.request.user)
        tasks = Task.objects.for_user(caller(self.request))
        if self.action == "list":
            return task_rows(tasks.newest_first())
        return tasks

    def get_object(self) -> Task:
        """Return the task in the path.

        Raises:
            NotAuthenticated: there is no such public task, and the caller sent no key.
            NotFound: there is no such task that this caller may see.
        """
        task = self.get_queryset().filter(pk=self.kwargs["task_id"]).first()
        if task is None:
            if not self.request.user.is_authenticated:
                raise exceptions.NotAuthenticated
            raise exceptions.NotFound
        return task

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 404 also for a task that is deleted during the request."""
        return super().handle_exception(
            exceptions.NotFound() if isinstance(exc, Task.DoesNotExist) else exc
        )

    def show(self, task: Task) -> Response:
        """Return the response with `task` as it is stored now."""
        [task] = attach_last_executions([Task.objects.get(pk=task.pk)])
        return Response(self.get_serializer(task).data)

    @extend_schema(
        summary="List the caller's tasks, newest first.", responses=TaskReadSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """List the caller's tasks, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or ()
        return self.get_paginated_response(shown_to(request.user, page))

    @extend_schema(
        summary="Create a task. The answer is 200, for compatibility with existing clients.",
        request=TaskWriteSerializer,
        responses={200: TaskReadSerializer, 400: ErrorSerializer},
    )
    def create(self, request: Request) -> Response:
        """Create a task. The answer is 200, for compatibility with existing clients."""
        fields = dict(validated(TaskWriteSerializer, request.data))
        with bad_questions_are_faults():
            task = create_task(
                user=caller(request),
                run_immediately=fields.pop("run_immediately", False),
                fields=fields,
                now=clock.now(),
            )
        return self.show(task)

    @extend_schema(summary="Show one task.")
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Show one task."""
        task = self.get_object()
        if request.method == "GET":
            view_counter.add(task, by=request.user)
        return self.show(task)

    @extend_schema(
        summary="Change the members that are sent, as PATCH does.",
        request=TaskChangeSerializer,
        responses={200: TaskReadSerializer, 400: ErrorSerializer},
    )
    def update(self, request: Request, **kwargs: Any) -> Response:
        """Change the members that are sent, as PATCH does."""
        task = self.get_object()
        fields = dict(validated(TaskChangeSerializer, request.data))
        with bad_questions_are_faults():
            update_task(
                task=task,
                run_immediately=fields.pop("run_immediately", False),
                fields=fields,
                now=clock.now(),
            )
        return self.show(task)

    @extend_schema(
        summary="Change the members that are sent.",
        request=TaskChangeSerializer,
        responses={200: TaskReadSerializer, 400: ErrorSerializer},
    )
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change the members that are sent."""
        return self.update(request, **kwargs)

    def perform_destroy(self, instance: Task) -> None:
        """Delete a task and its executions; the record of its sends stays."""
        delete_task(task=instance)

    @extend_schema(
        summary="Ask the task's question now. The answer is the pending execution.",
        parameters=[ExecuteSerializer],
        request=None,
        responses={200: ExecutionSerializer, 409: ErrorSerializer},
    )
    @action(detail=True, methods=["post"])
    def execute(self, request: Request, **kwargs: Any) -> Response:
        """Ask the task's question now. The answer is the pending execution."""
        task = self.get_object()
        parameters = validated(ExecuteSerializer, request.query_params.dict(), source="query")
        execution = start(
            task=task,
            now=clock.now(),
            force=parameters["force"],
            notify=not parameters["suppress_notifications"],
        )
        return Response(ExecutionSerializer(execution).data)

    @extend_schema(
        summary="Make a task public or private.",
        operation_id="task_visibility_update",
        request=VisibilitySerializer,
        responses={200: TaskReadSerializer},
    )
    @action(detail=True, methods=["patch"])
    def visibility(self, request: Request, **kwargs: Any) -> Response:
        """Make a task public or private."""
        task = self.get_object()
        fields = validated(VisibilitySerializer, request.data)
        update_task(task=task, fields=fields, now=clock.now())
        return self.show(task)

    @extend_schema(
        summary="Copy a task. The answer is the copy, which is paused and private.",
        request=ForkSerializer,
        responses={200: TaskReadSerializer},
    )
    @action(detail=True, methods=["post"])
    def fork(self, request: Request, **kwargs: Any) -> Response:
        """Copy a task. The answer is the copy, which is paused and private."""
        task = self.get_object()
        body = validated(ForkSerializer, request.data)
        fork = fork_task(
            task=task,
            user=caller(request),
            name=body.get("name"),
            now=clock.now(),
        )
        return self.show(fork)

    @extend_schema(
        summary="List a task's executions, newest first.",
        operation_id="task_execution_list",
        responses=ExecutionSerializer(many=True),
    )
    @action(detail=True, filterset_class=ExecutionFilterSet, pagination_class=Pagination)
    def executions(self, request: Request, **kwargs: Any) -> Response:
        """List a task's executions, newest first."""
        task = self.get_object()
        return self._page_of(task, self.filter_queryset(Execution.objects.of_task(task.pk)))

    @extend_schema(
        summary="List a task's executions whose condition was met, newest first.",
        operation_id="task_notification_list",
        responses=ExecutionSerializer(many=True),
    )
    @action(detail=True, filterset_class=None, pagination_class=Pagination)
    def notifications(self, request: Request, **kwargs: Any) -> Response:
        """List a task's executions whose condition was met, newest first."""
        task = self.get_object()
        return self._page_of(task, Execution.objects.of_task(task.pk).with_notification())

    @extend_schema(
        summary="List the latest executions of the caller's tasks that have a notification.",
        operation_id="task_feed_list",
        responses=FeedEntrySerializer(many=True),
    )
    @action(
        detail=False,
        filterset_class=None,
        pagination_class=Pagination,
        serializer_class=FeedEntrySerializer,
    )
    def feed(self, request: Request) -> Response:
        """List the latest executions of the caller's tasks that have a notification."""
        entries = self.get_queryset().feed().values(*FeedEntrySerializer.Meta.fields)
        return self.get_paginated_response(self.paginate_queryset(entries))

    def _page_of(self, task: Task, executions: QuerySet[Any]) -> Response:
        rows = self.paginate_queryset(execution_rows(executions)) or ()
        page = [shown_execution(row) for row in rows]
        if task.user_id != self.request.user.pk:
            page = [without_error(execution) for execution in page]
        return self.get_paginated_response(page)


@extend_schema(tags=["Tasks"])
class PreviewViewSet(IdsInPath, viewsets.GenericViewSet[Any]):
    """Questions that the caller tries before creating a task."""

    serializer_class = PreviewSerializer
    lookup_url_kwarg = "preview_id"

    @extend_schema(
        summary="Try a question: a worker visits its pages now. No task is created.",
        operation_id="task_preview_create",
        request=PreviewWriteSerializer,
        responses={202: RequestedPreviewSerializer, 429: ErrorSerializer},
    )
    def create(self, request: Request) -> Response:
        """Try a question: a worker visits its pages now. No task is created."""
        body = validated(PreviewWriteSerializer, request.data)
        with bad_questions_are_faults():
            requested = preview.request(
                user=caller(request),
                search_query=body["search_query"],
                condition_description=body.get("condition_description", body["search_query"]),
                request_headers=body.get("request_headers", {}),
                now=clock.now(),
            )
        return Response(RequestedPreviewSerializer(requested).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Show what came of a preview, for ten minutes.",
        operation_id="task_preview_retrieve",
        responses=PreviewSerializer,
    )
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Show what came of a preview, for ten minutes."""
        previews = Preview.objects.for_user(caller(request)).kept(clock.now())
        found = previews.filter(pk=self.kwargs["preview_id"]).first()
        if found is None:
            raise exceptions.NotFound
        return Response(self.get_serializer(found).data)
