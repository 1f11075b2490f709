"""/api/v1/tasks…, /api/v1/public… and /tasks/{id}/rss -> views."""

from django.urls import include, path, re_path

from tasks.public import PublicFeedView, PublicTasksView, PublicTaskView, TaskRSSView
from tasks.views import TaskViewSet
from torale.api.routers import Router

router = Router()
router.register("tasks", TaskViewSet, basename="task")

public = [
    re_path(r"^tasks/?$", PublicTasksView.as_view(), name="public-tasks"),
    re_path(r"^tasks/id/(?P<task_id>[^/.]+)/?$", PublicTaskView.as_view(), name="public-task"),
    re_path(r"^feed/?$", PublicFeedView.as_view(), name="public-feed"),
]

urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("api/v1/public/", include(public)),
    re_path(r"^tasks/(?P<task_id>[^/.]+)/rss/?$", TaskRSSView.as_view(), name="task-rss"),
]
