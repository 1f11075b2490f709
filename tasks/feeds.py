"""A public task's notifications as RSS 2.0."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import linebreaks
from django.utils.text import Truncator

from executions.models import Execution
from tasks.models import Task
from torale.links import link_to

CONTENT_TYPE = Rss201rev2Feed.content_type
#: How many notifications a feed has at most.
LENGTH = 50
#: Characters that XML 1.0 §2.2 (Char) does not allow, not even escaped.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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

    A notification's Markdown is shown as plain text. An item's description is HTML (RSS 2.0,
    "Elements of <item>"), so the text is escaped for HTML and then for XML.
    """
    page = link_to("public-task", task_id=task.pk)
    feed = TaskFeed(
        title=plain(task.name),
        link=page,
        description=plain(f"{task.search_query}\n\n{task.condition_description}"),
        feed_url=link_to("task-rss", task_id=task.pk),
        created_at=task.created_at,
    )
    for execution in told:
        notification = plain(execution.notification or "")
        feed.add_item(
            title=title_of(notification) or plain(task.name),
            link=page,
            description=linebreaks(notification, autoescape=True),
            unique_id=str(execution.pk),
            unique_id_is_permalink=False,
            pubdate=execution.completed_at,
        )
    xml: str = feed.writeString("utf-8")
    return xml


def title_of(notification: str) -> str:
    """Return the first line of a notification, without Markdown characters at its ends."""
    first_line = notification.strip().partition("\n")[0]
    return Truncator(first_line.strip("#*_ \t")).chars(100)


def plain(text: str) -> str:
    """Return `text` without the characters that XML does not allow."""
    return NOT_IN_XML.sub("", text)
