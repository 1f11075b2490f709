"""The newest sends of all users that match filters, each list read through an index."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.lookups import Exact

from notifications.filters import lookups
from notifications.models import EventType, NotificationSend, NotificationType, SendStatus
from notifications.models.send import KIND
from notifications.pages import SendList
from notifications.selection import TASKS, TIMES

#: The columns of KIND, in its order, and their values.
KINDS = {
    "status": SendStatus.values,
    "event_type": EventType.values,
    "notification_type": NotificationType.values,
}
#: Filters that few users' sends match.
NARROW = (*TASKS, "execution_id")
#: The most users whose sends to one recipient are looked for.
MOST_OWNERS = 1000


def newest(
    filters: Mapping[str, Any], *, limit: int, user_id: UUID | None = None
) -> list[NotificationSend]:
    """Return the newest sends that match, at most `limit`, with their owners and endpoints.

    Args:
        filters: valid values, by the names of the filters of the list of sends.
        limit: the most sends.
        user_id: whose sends; None for everybody's.
    """
    if user_id:
        found = _of_users([user_id], filters, limit)
    elif filters.keys() & set(NARROW):
        found = _of_users(_owners(filters), filters, limit)
    else:
        found = _of_kinds(filters, limit)
    sends = NotificationSend.objects.select_related("user", "endpoint").in_bulk(found)
    return [sends[pk] for pk in found if pk in sends]


def of_kinds(given: Mapping[str, Any]) -> list[Q]:
    """Return a condition for each kind of send that matches. The index `send_kind` serves each.

    Args:
        given: values by the names of KINDS; all values of those that are missing.
    """
    values = ([given[name]] if name in given else KINDS[name] for name in KINDS)
    return [Q(Exact(KIND, " ".join(kind))) for kind in product(*values)]


def _of_users(users: Iterable[UUID], filters: Mapping[str, Any], limit: int) -> list[UUID]:
    rows = [
        row
        for user_id in users
        for row in SendList(user_id, filters, ("id", "created_at")).read(limit=limit)[0]
    ]
    rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    return [row["id"] for row in rows[:limit]]


def _owners(filters: Mapping[str, Any]) -> Iterator[UUID]:
    """Yield the users with such sends. For each, one row of an index is read."""
    sends = NotificationSend.objects.filter(
        **{name: filters[name] for name in NARROW if name in filters}
    ).order_by("user_id")
    last = UUID(int=0)
    for _ in range(MOST_OWNERS):
        found = sends.filter(user_id__gt=last).values_list("user_id", flat=True).first()
        if found is None:
            return
        yield found
        last = found


def _of_kinds(filters: Mapping[str, Any], limit: int) -> list[UUID]:
    times = {name: filters[name] for name in TIMES if name in filters}
    sends = NotificationSend.objects.filter(**lookups(times)).only("pk", "created_at")
    first, *others = [sends.filter(kind).newest_first()[:limit] for kind in of_kinds(filters)]
    if others:  # any kind may fill the whole list
        first = first.union(*others, all=True).newest_first()[:limit]
    return [send.pk for send in first]
