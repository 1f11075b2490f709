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
from console.views.settings import account, addresses, emails, keys, password, webhook
from torale.api.routers import Router

app_name = "console"

ID = "-".join(f"[0-9a-fA-F]{{{digits}}}" for digits in (8, 4, 4, 4, 12))
TASK = f"tasks/(?P<task_id>{ID})"
SEND = f"notifications/(?P<send_id>{ID})"
ENDPOINT = f"settings/webhook/(?P<endpoint_id>{ID})"
EMAILS_OF_TASK = f"settings/emails/(?P<task_id>{ID})"

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
router.add(f"{TASK}/snapshots", tasks.snapshots, name="snapshots")
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
router.add("settings", account.account, name="settings")
router.add("settings/addresses", addresses.addresses, name="settings-addresses")
router.add("settings/addresses/remove", addresses.remove, name="settings-address-remove")
router.add("settings/webhook", webhook.webhook, name="settings-webhook")
router.add("settings/webhook/rotate", webhook.rotate, name="settings-webhook-rotate")
router.add(f"{ENDPOINT}/switch-on", webhook.switch_on, name="settings-webhook-on")
router.add(f"{ENDPOINT}/switch-off", webhook.switch_off, name="settings-webhook-off")
router.add("settings/keys", keys.keys, name="settings-keys")
router.add(f"settings/keys/(?P<key_id>{ID})/revoke", keys.revoke, name="settings-key-revoke")
router.add("settings/password", password.password, name="settings-password")
router.add("settings/emails", emails.emails, name="settings-emails")
router.add(f"{EMAILS_OF_TASK}/resume", emails.resume, name="settings-emails-resume")
router.add(f"{EMAILS_OF_TASK}/stop", emails.stop, name="settings-emails-stop")

urlpatterns = router.urls
