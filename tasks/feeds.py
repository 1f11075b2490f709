"""A public task's notifications as RSS 2.0."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.feedgenerator import Rss201rev2Feed

from executions.models import Execution
from executions.rendering import NOT_XML, headline_of, html_of
from tasks.models import Task
from torale.links import link_to

CONTENT_TYPE = Rss201rev2Feed.content_type
#: How many notifications a feed has at most.
LENGTH = 50


class TaskFeed(Rss201rev2Feed):
    """An RSS feed that has its task's date while it is empty. Django would use the current time."""

    def latest_post_date(self) -> datetime:
        """Return the date of the newest item, or the task's date if there are no items."""
        if self.items:
            return super().latest_post_date()
        created_at: datetime = self.feed["created_at"]
        return created_at


def rss(task: Task, told: Iterable[Execution]) -> str:
    """Return the RSS feed of `told`, the task's executions with a notification.

    An item's description is HTML (RSS 2.0, "Elements of <item>"), rendered from the notification's
    Markdown. Its title says what was found, and when, so that no two are alike.
    """
    page = link_to("console:task", task_id=task.pk)
    feed = TaskFeed(
        title=plain(task.name),
        link=page,
        description=plain(f"{task.search_query}\n\n{task.condition_description}"),
        feed_url=link_to("task-rss", task_id=task.pk),
        created_at=task.created_at,
    )
    for execution in told:
        feed.add_item(
            title=title_of(execution, name=plain(task.name)),
            link=page,
            description=html_of(execution.notification or ""),
            unique_id=str(execution.pk),
            unique_id_is_permalink=False,
            pubdate=execution.completed_at,
        )
    xml: str = feed.writeString("utf-8")
    return xml


def title_of(execution: Execution, *, name: str) -> str:
    """Return what an execution told and when, or the task's `name` if it told nothing."""
    found = headline_of(execution.notification or "") or name
    at = execution.completed_at
    return f"{found} ({at:%-d %B %Y, %H:%M} UTC)" if at else found


def plain(text: str) -> str:
    """Return `text` without the characters that XML does not allow."""
    return NOT_XML.sub("", text)
