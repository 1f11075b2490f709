"""Preview a question: a worker visits its pages and shows what it reads and what the rule says.

Nothing of it enters a task's history. The web server only stores the wish and shows the result, so
that no request waits for a stranger's page.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from asgiref.sync import sync_to_async
from django.db import transaction
from procrastinate.contrib.django import app as jobs

from accounts.models import User
from executions import monitors
from executions.monitors import AskFailed, BadQuestion, check
from tasks import headers
from tasks.lifecycle import check_origin
from tasks.previews import Preview
from torale import clock
from torale.errors import OUR_FAULT, Refused, TooOften
from torale.limits import Limit, hit_or_refuse

logger = structlog.get_logger(__name__)

#: Names of the job in tasks/jobs.py, which calls `run`, and of its queue.
JOB = "run_preview"
QUEUE = "previews"
#: The time limit for each page.
PAGE_TIME_LIMIT = timedelta(seconds=20)
#: How many previews a user may request.
PREVIEWS = Limit("previews", 10, timedelta(minutes=1))
#: How many unfinished previews a user may have.
MOST_AT_ONCE = 2
#: How long a caller with that many is told to wait: most pages answer within a few seconds.
WAIT_FOR_OTHERS = timedelta(seconds=5)


def request(
    *,
    user: User,
    search_query: str,
    condition_description: str,
    request_headers: Mapping[str, str],
    now: datetime,
) -> Preview:
    """Store and return a pending preview, and queue its job.

    Args:
        user: who asks; the result is shown to them only.
        search_query: what to look at.
        condition_description: when to tell.
        request_headers: headers for the visits, checked; no value may be a mask.
        now: the time of the request.

    Raises:
        BadQuestion: no monitor can answer the question.
        TooOften: the user has requested too many in this minute, or has too many unfinished ones.
    """
    check(
        search_query=search_query,
        condition_description=condition_description,
        networks=user.networks(),
    )
    if request_headers:
        check_origin(search_query)
        try:
            headers.unmasked(request_headers, stored={})
        except Refused as error:
            raise BadQuestion({"request_headers": str(error)}) from error
    hit_or_refuse(PREVIEWS, str(user.pk), f"You may request {PREVIEWS.most} previews a minute.")
    with transaction.atomic():
        # The lock makes the user's requests wait in turn.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if Preview.objects.for_user(user).kept(now).unfinished().count() >= MOST_AT_ONCE:
            raise TooOften(
                f"You have {MOST_AT_ONCE} previews that have not finished. Wait for one of them.",
                wait=WAIT_FOR_OTHERS,
            )
        preview = Preview.objects.create(
            user=user,
            search_query=search_query,
            condition_description=condition_description,
            request_headers=dict(request_headers) or None,
            created_at=now,
            expires_at=now + Preview.KEPT_FOR,
        )
        jobs.configure_task(JOB).defer(preview_id=str(preview.pk))
    return preview


async def run(preview_id: UUID) -> None:
    """Make one preview and store its result.

    If the worker dies on the way, the queue starts the job again, and the pages are visited again.
    """
    preview = await sync_to_async(_begun)(preview_id, now=await sync_to_async(clock.now)())
    if preview is None:
        return
    question = await sync_to_async(preview.question)(now=preview.created_at)
    result, error = None, None
    try:
        result = asdict(await monitors.preview(question, time_limit=PAGE_TIME_LIMIT))
    except AskFailed as failure:
        error = str(failure)
    except Exception:  # whatever breaks in a monitor
        logger.exception("preview_broke", preview_id=str(preview_id))
        error = OUR_FAULT
    now = await sync_to_async(clock.now)()
    await sync_to_async(preview.end)(result=result, error=error, now=now)


def _begun(preview_id: UUID, *, now: datetime) -> Preview | None:
    """Return the preview, now running; None if it has ended, or nobody can ask for it any more."""
    found = Preview.objects.kept(now).unfinished().select_related("user").filter(pk=preview_id)
    preview = found.first()
    if preview:
        preview.begin()
    return preview


def forget_expired(*, now: datetime) -> int:
    """Delete the previews whose result is no longer shown; return how many there were."""
    deleted, _ = Preview.objects.filter(expires_at__lte=now).delete()
    return deleted
