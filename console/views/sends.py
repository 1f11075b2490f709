"""The user's notifications: the list, the page of a send, and delivering it again."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from rest_framework.request import Request

from accounts.authentication import caller
from accounts.models import User
from console.forms.sends import SendFilterForm, local_time
from console.send_record import record_of
from notifications.filters import SendFilterSet
from notifications.models import NotificationSend, WebhookEndpoint
from notifications.pages import SendList
from notifications.redeliver import redeliver_one
from torale import clock
from torale.api import keyset
from torale.api.errors import Unprocessable
from torale.api.filters import valid_values
from torale.errors import DomainError

SENDS_A_PAGE = 50
#: What the list reads of each send.
COLUMNS = [
    "id",
    "created_at",
    "event_type",
    "task_name",
    "notification_type",
    "recipient",
    "endpoint_id",
    "status",
    "error_message",
]
CUT_OFF = "The address of this page is damaged, so these are the newest notifications."


@require_safe
@login_required
def send_list(request: HttpRequest) -> HttpResponse:
    """List the user's sends as the API does: with its filters, and newest first."""
    given: dict[str, str] = request.GET.dict()
    filled = {name: value for name, value in given.items() if value.strip()}
    if filled != given:
        # A form sends its empty fields, too, which the API's filters refuse.
        return redirect(reverse("console:sends", query=filled))
    user = caller(request)
    valid, faults = _filters(request)
    form = SendFilterForm(user, given, valid=valid, faults=faults)
    context: dict[str, Any] = {
        "form": form,
        "periods": _periods(clock.now()),
        "is_later_page": "cursor" in given,
    }
    if not faults:
        page, total = _page(user, valid, _cursor(given, form))
        context |= {"page": page, "total": total, "sends": _shown(page.rows)}
    return render(request, "console/sends/list.html", context)


@require_safe
@login_required
def send(request: HttpRequest, send_id: str) -> HttpResponse:
    """Show what became of a send, from what was found to the receiver's answer."""
    record = record_of(UUID(send_id), user=caller(request))
    if record is None:
        raise Http404
    return render(request, "console/sends/send.html", {"record": record, "send": record.send})


@require_POST
@login_required
def redeliver(request: HttpRequest, send_id: str) -> HttpResponse:
    """Deliver an ended send again."""
    found = get_object_or_404(NotificationSend.objects.for_user(caller(request)), pk=send_id)
    try:
        redeliver_one(send=found, now=clock.now())
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "It is being delivered again, with the same content.")
    return redirect("console:send", send_id=send_id)


def _filters(request: HttpRequest) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the filters' values, or what is wrong with them."""
    try:
        return valid_values(SendFilterSet, Request(request)), {}
    except Unprocessable as error:
        return {}, cast(Mapping[str, Any], error.detail)


def _cursor(given: Mapping[str, str], form: SendFilterForm) -> keyset.Cursor | None:
    """Return where the page begins; None for the first page."""
    try:
        return keyset.Cursor.decode(given["cursor"]) if "cursor" in given else None
    except ValueError:
        form.add_error(None, CUT_OFF)
        return None


def _page(
    user: User, filters: Mapping[str, Any], cursor: keyset.Cursor | None
) -> tuple[keyset.Page, int]:
    """Return a page of sends, and how many there are on all pages."""
    sends = SendList(user.pk, filters, COLUMNS)
    found, total = sends.read(limit=SENDS_A_PAGE + 1, cursor=cursor)
    return keyset.page(found, cursor, limit=SENDS_A_PAGE), total


def _shown(rows: Iterable[keyset.Row]) -> list[dict[str, Any]]:
    """Return rows with their recipients as they are shown, by a query of the webhooks."""
    ids = {row["endpoint_id"] for row in rows} - {None}
    endpoints = WebhookEndpoint.objects.in_bulk(ids) if ids else {}
    return [
        {
            **row,
            "shown_recipient": endpoints[row["endpoint_id"]].shown_url
            if row["endpoint_id"]
            else row["recipient"],
        }
        for row in rows
    ]


def _periods(now: datetime) -> list[tuple[str, str | None, str | None]]:
    """Return the periods that have links: their names, and the values of the two filters."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today, yesterday, a_week = (local_time(midnight - timedelta(days=ago)) for ago in (0, 1, 6))
    return [
        ("Any time", None, None),
        ("Today", today, None),
        ("Yesterday", yesterday, today),
        ("Last 7 days", a_week, None),
    ]
