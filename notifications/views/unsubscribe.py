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
    """The link in each email that ends that task's emails.

    Programs that look at mail open its links, so a GET only asks; the POST does it, whether it
    comes from that page or from a mail program's own button (RFC 8058 §3.2).
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask."""
        return self.answer(request, unsubscribe.task_for(token), is_done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Mute the task, and say so."""
        return self.answer(request, unsubscribe.mute(token), is_done=True)

    def answer(self, request: HttpRequest, task: Task | None, *, is_done: bool) -> HttpResponse:
        """Render the page."""
        return render(
            request,
            "notifications/unsubscribe.html",
            {"task": task, "is_done": is_done},
            status=200 if task else 404,
        )
