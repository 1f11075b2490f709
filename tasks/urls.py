"""The URLs under /api/v1/tasks and /api/v1/public, /tasks/{id}/rss, /readyz and /health."""

from tasks.public import PublicFeedView, PublicTasksView, PublicTaskView, TaskRSSView
from tasks.readiness import ReadinessView
from tasks.views import PreviewViewSet, TaskViewSet
from torale.api.routers import Router

TASK_ID = "(?P<task_id>[^/.]+)"

router = Router()
router.register("api/v1/tasks/preview", PreviewViewSet, basename="preview")
router.register("api/v1/tasks", TaskViewSet, basename="task")
router.add("api/v1/public/tasks", PublicTasksView.as_view(), name="public-tasks")
router.add(f"api/v1/public/tasks/id/{TASK_ID}", PublicTaskView.as_view(), name="public-task")
router.add("api/v1/public/feed", PublicFeedView.as_view(), name="public-feed")
router.add(f"tasks/{TASK_ID}/rss", TaskRSSView.as_view(), name="task-rss")
router.add("readyz", ReadinessView.as_view(), name="readyz")
router.add("health", ReadinessView.as_view(), name="health")

urlpatterns = router.urls
