"""/api/v1/tasks… -> views."""

from tasks.views import TaskViewSet
from torale.api.routers import Router

router = Router()
router.register("tasks", TaskViewSet, basename="task")

urlpatterns = router.urls
