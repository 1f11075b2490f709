"""Makes what the machines of a fleet work on: `fleet_tasks.py NUMBER WORLD MAIL_SHARE`.

It stores NUMBER tasks, each for a page of the world of `tests.support.fleet` with a webhook there,
and one in MAIL_SHARE with an email, too. Half of them are due at once, and the others one after the
other in the next 20 seconds. It prints an API key of their owner.
"""

import sys
from datetime import timedelta

import django

django.setup()

from accounts.models import APIKey, User
from tasks.models import Task
from torale import clock

#: How many hosts the pages are on: at most two visits are made at a time to one.
HOSTS = 100
#: The time in which the second half of the tasks becomes due.
SPREAD = timedelta(seconds=20)


def main(number: int, port: int, mail_share: int) -> None:
    now = clock.now()
    owner = User.objects.create_user("owner@example.com")
    Task.objects.bulk_create(
        (
            Task(
                user=owner,
                name=f"Page {page}",
                search_query=f"http://127.0.1.{page % HOSTS + 1}:{port}/page/{page}",
                condition_description='contains "Croissants"',
                next_run_at=now + max(timedelta(), SPREAD * (2 * page / number - 1)),
                webhook_url=f"http://127.0.2.{page % HOSTS + 1}:{port}/hook",
                notification_email="" if page % mail_share else owner.email,
            )
            for page in range(number)
        ),
        batch_size=2_000,
    )
    _, secret = APIKey.objects.create_key(user=owner, name="fleet")
    print(secret)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
