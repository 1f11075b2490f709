"""Links that are mailed: what the queue holds is done as a worker does it, and the mail is read."""

import re
from email.message import Message

from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs

SENDERS = (jobs.send_sign_up_link, jobs.send_password_reset_link)


def send_links() -> None:
    """Do the queue's jobs that mail links."""
    for sender in SENDERS:
        for job in ProcrastinateJob.objects.filter(task_name=sender.name).order_by("id"):
            sender(**job.args)


def path_in(mail: Message) -> str:
    """Return the path of the link in a mail."""
    text = mail.get_body("plain").get_content()  # type: ignore[attr-defined]
    [path] = re.findall(r"^    http://localhost:8000(/\S+)\s*$", text, re.MULTILINE)
    return str(path)
