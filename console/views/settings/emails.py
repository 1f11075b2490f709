"""Which emails the user gets: those of each task, and those about trouble."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import caller
from accounts.verification import verified_emails
from console.forms.settings import NoticesForm, ResumeForm
from tasks.models import Task

TASKS_A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def emails(request: HttpRequest) -> HttpResponse:
    """Show the tasks that send emails, and switch emails about trouble on and off."""
    user = caller(request)
    if request.method == "POST":
        user.wants_notices = "wants_notices" in request.POST
        user.save(update_fields=["wants_notices"])
        messages.success(request, "Saved.")
        return redirect("console:settings-emails")
    tasks = Task.objects.for_user(user).by_email().order_by("-is_muted", "-created_at", "-id")
    context = {
        "form": NoticesForm(initial={"wants_notices": user.wants_notices}),
        "page": Paginator(tasks, TASKS_A_PAGE).get_page(request.GET.get("page")),
        "emails": verified_emails(user=user),
    }
    return render(request, "console/settings/emails.html", context)


@require_POST
@login_required
def resume(request: HttpRequest, task_id: str) -> HttpResponse:
    """Make a task send its emails again after somebody has unsubscribed."""
    task = get_object_or_404(Task.objects.for_user(caller(request)), pk=task_id)
    form = ResumeForm(caller(request), request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of your verified addresses.")
    else:
        task.unmute(email=form.chosen())
        messages.success(
            request, f"“{task.name}” sends its emails to {task.notification_email} again."
        )
    return redirect("console:settings-emails")


@require_POST
@login_required
def stop(request: HttpRequest, task_id: str) -> HttpResponse:
    """Stop a task's emails, as the link in each of them does."""
    task = get_object_or_404(Task.objects.for_user(caller(request)), pk=task_id)
    task.mute()
    messages.success(request, f"“{task.name}” sends no more emails.")
    return redirect("console:settings-emails")
