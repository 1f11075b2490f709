"""The pages for people: /, /log-in, /sign-up, /tasks…, /notifications…, /why… -> views."""

from django.contrib.auth.views import LogoutView

from console.views import (
    home,
    log_in,
    manual,
    password_reset,
    sends,
    sign_up,
    task_form,
    tasks,
    why,
)
from torale.api.routers import Router

app_name = "console"

ID = "-".join(f"[0-9a-fA-F]{{{digits}}}" for digits in (8, 4, 4, 4, 12))
TASK = f"tasks/(?P<task_id>{ID})"
SEND = f"notifications/(?P<send_id>{ID})"

router = Router()
router.add("", home.home, name="home")
router.add("help/(?P<name>[a-z]+)", manual.page, name="help")
router.add("log-in", log_in.LogInView.as_view(), name="log-in")
router.add("log-out", LogoutView.as_view(http_method_names=["post", "options"]), name="log-out")
router.add("sign-up", sign_up.request_link, name="sign-up")
router.add("sign-up/(?P<token>[^/]+)", sign_up.confirm, name="sign-up-confirm")
router.add("password-reset", password_reset.request_link, name="password-reset")
router.add(
    "password-reset/(?P<uidb64>[^/]+)/(?P<token>[^/]+)",
    password_reset.ConfirmView.as_view(),
    name="password-reset-confirm",
)
router.add("tasks", tasks.task_list, name="tasks")
router.add("tasks/new", task_form.new, name="task-new")
router.add(f"tasks/previews/(?P<preview_id>{ID})", task_form.preview_result, name="preview")
router.add(TASK, tasks.task, name="task")
router.add(f"{TASK}/edit", task_form.edit, name="task-edit")
router.add(f"{TASK}/pause", tasks.pause, name="pause")
router.add(f"{TASK}/resume", tasks.resume, name="resume")
router.add(f"{TASK}/run", tasks.run, name="run")
router.add(f"{TASK}/share", tasks.share, name="share")
router.add(f"{TASK}/unshare", tasks.unshare, name="unshare")
router.add(f"{TASK}/fork", tasks.fork, name="fork")
router.add(f"{TASK}/delete", tasks.delete, name="task-delete")
router.add("notifications", sends.send_list, name="sends")
router.add(SEND, sends.send, name="send")
router.add(f"{SEND}/redeliver", sends.redeliver, name="redeliver")
router.add(f"why/(?P<subject_id>{ID})", why.why, name="why")

urlpatterns = router.urls
