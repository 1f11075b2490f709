"""The page behind the unsubscribe link in each email."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from notifications.channels.email import unsubscribe
from tasks.models import Task


@method_decorator(csrf_exempt, name="dispatch")
class UnsubscribeView(View):
    """The page that stops a task's emails.

    Programs that scan mail open its links, so a GET only asks for confirmation. A POST mutes the
    task, whether it comes from the page or from a mail program's own button (RFC 8058 §3.2). The
    page looks like those of the console, but its readers may have no account.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask for confirmation."""
        return self.answer(request, unsubscribe.task_for(token), is_done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Mute the task, and confirm it."""
        return self.answer(request, unsubscribe.mute(token), is_done=True)

    def answer(self, request: HttpRequest, task: Task | None, *, is_done: bool) -> HttpResponse:
        """Return the rendered page; its status is 404 if there is no task."""
        return render(
            request,
            "notifications/unsubscribe.html",
            {"task": task, "is_done": is_done},
            status=200 if task else 404,
        )
