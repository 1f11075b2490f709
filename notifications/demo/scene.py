"""The users, tasks and webhooks of a demonstration.

All hosts are below .example, which is reserved, so that nobody is visited or notified.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.models import User
from notifications.models import WebhookConfig, WebhookEndpoint
from tasks.models import State, Task

#: The email of the user who logs in to look at the demonstration.
EMAIL = "demo@torale.example"
#: How far back the history goes.
DAYS = 30
#: How many sends there are for each user; and the most users.
SENDS_A_USER, MOST_USERS = 1500, 300
TASKS_OF_DEMO, MOST_TASKS = 14, 12
#: What is due next is due between these times from now, so not while anybody looks at it today.
SOON, LATER = timedelta(days=1), timedelta(days=6)

FIRST = (
    *("ada", "ben", "clara", "david", "elif", "farid", "greta", "hugo", "ines", "jonas", "kofi"),
    *("lena", "milan", "nora", "olive", "paul", "rosa", "sam", "tara", "uma", "viktor", "yuki"),
)
LAST = ("berg", "costa", "duran", "eriksen", "fischer", "garcia", "haas", "ito", "jansen", "kaya")
#: What is watched: a name, things that fit it, the page, the condition, and what is found.
SUBJECTS = (
    (
        "Price of the {thing}",
        ("Aurora lamp", "Kestrel bicycle", "Marlin keyboard", "Tern camera", "Oak desk"),
        "shop.example/{slug}",
        "price < {n} €",
        "The price is {m} €.",
    ),
    (
        "Is the {thing} back?",
        ("Juniper notebook", "Polar tent", "Sourdough bread", "Heron kettle"),
        "store.example/{slug}",
        'contains "In stock"',
        "In stock.",
    ),
    (
        "New releases of {thing}",
        ("Lynx", "Comet", "Finch", "Otter"),
        "code.example/{slug}/releases",
        "new items",
        "Version {n}.{m}.",
    ),
    (
        "Jobs at the {thing}",
        ("Meridian museum", "Willow school", "Harbour ferry", "city library"),
        "careers.example/{slug}",
        "new items",
        "{n} new openings.",
    ),
    (
        "Tickets for the {thing}",
        ("Riverside concert", "Northern Lights tour", "harvest fair", "winter circus"),
        "tickets.example/{slug}",
        'does not contain "Sold out"',
        "On sale.",
    ),
    (
        "News about the {thing}",
        ("Harbour tunnel", "Elm Street school", "tram line 4", "old mill"),
        "news.example/{slug}",
        "changes",
        "A new paragraph has appeared.",
    ),
    (
        "Appointments at the {thing}",
        ("town hall", "passport office", "eye clinic"),
        "city.example/{slug}",
        'contains "appointments available"',
        "{n} appointments available.",
    ),
    (
        "Incidents of {thing}",
        ("Comet Cloud", "Kestrel Mail", "Tern Maps"),
        "status.example/{slug}",
        'contains "Incident"',
        "An incident is open.",
    ),
)


@dataclass(slots=True)
class Watch:
    """A task as its history is told."""

    task: Task
    #: How much more often than others it has news.
    weight: float
    email: str | None
    endpoint: WebhookEndpoint | None
    #: When the receiver of its webhooks was down.
    outage: tuple[datetime, datetime]
    #: What its visits found, as a sentence each.
    findings: list[str] = field(default_factory=list)

    @property
    def page(self) -> str:
        """The page that is watched."""
        return self.task.search_query


def set_up(*, sends: int, now: datetime, password: str, chance: random.Random) -> list[Watch]:
    """Store users, tasks and webhooks for a history of so many sends; return the tasks.

    None of the tasks is due before SOON has passed.
    """
    demo = User.objects.create_superuser(EMAIL, password, first_name="Demo", has_seen_welcome=True)
    count = min(MOST_USERS, max(4, sends // SENDS_A_USER))
    nobody_logs_in = make_password(None)
    people = [
        User(
            email=f"{FIRST[n % len(FIRST)]}.{LAST[n // len(FIRST) % len(LAST)]}"
            f"{n // (len(FIRST) * len(LAST)) or ''}@people.example",
            first_name=FIRST[n % len(FIRST)].capitalize(),
            password=nobody_logs_in,
            created_at=now - timedelta(days=DAYS + chance.random() * 300),
        )
        for n in range(count)
    ]
    User.objects.bulk_create(people)
    User.objects.filter(pk=demo.pk).update(created_at=now - timedelta(days=DAYS + 200))
    WebhookConfig.objects.bulk_create(WebhookConfig(user=user) for user in [demo, *people])
    watches = [
        watch
        for number, user in enumerate([demo, *people])
        for watch in _of_user(user, number, now=now, chance=chance)
    ]
    Task.objects.bulk_create(watch.task for watch in watches)
    return watches


def _of_user(user: User, number: int, *, now: datetime, chance: random.Random) -> list[Watch]:
    host = f"hooks.{user.email.partition('@')[0].replace('.', '-')}.example"
    endpoints = [
        WebhookEndpoint(user=user, url=f"https://{host}{path}", created_at=now - timedelta(days=60))
        for path in ("/torale", "/alerts")[: 1 + (chance.random() < 0.4)]  # noqa: PLR2004
    ]
    _break(endpoints[-1], number, now=now)
    WebhookEndpoint.objects.bulk_create(endpoints)
    began = now - timedelta(days=chance.uniform(4, DAYS))
    outage = (began, began + timedelta(hours=chance.uniform(1, 9)))
    tasks = TASKS_OF_DEMO if not number else chance.randint(2, MOST_TASKS)
    watches = []
    for nth in range(tasks):
        kind = chance.random()
        task, finding = _task(user, number + nth, nth, now=now, chance=chance)
        watches.append(
            Watch(
                task=task,
                weight=chance.paretovariate(1.2) * (1 if number else 6),
                email=user.email if kind < 0.65 else None,  # noqa: PLR2004
                endpoint=chance.choice(endpoints) if kind > 0.45 else None,  # noqa: PLR2004
                outage=outage,
                findings=[
                    finding.format(n=chance.randint(2, 90), m=chance.randint(10, 99))
                    for _ in range(4)
                ],
            )
        )
    return watches


def _break(endpoint: WebhookEndpoint, number: int, *, now: datetime) -> None:
    """Let every seventh user's webhook fail, and every nineteenth's be switched off."""
    if number % 7 == 2:  # noqa: PLR2004
        endpoint.failing_since = now - timedelta(hours=5 + number * 13 % 150)
    if number % 19 == 3:  # noqa: PLR2004
        endpoint.failing_since = now - timedelta(days=9)
        endpoint.switched_off_at = now - timedelta(days=4)
        endpoint.switched_off_because = "it answered 410 Gone"


def _task(
    user: User, subject: int, nth: int, *, now: datetime, chance: random.Random
) -> tuple[Task, str]:
    name, things, page, condition, finding = SUBJECTS[subject % len(SUBJECTS)]
    thing = things[(subject // len(SUBJECTS) + nth) % len(things)]
    slug = thing.lower().replace(" ", "-")
    next_run_at = now + SOON + (LATER - SOON) * chance.random()
    state, more = State.ACTIVE, dict[str, Any](next_run_at=next_run_at)
    match nth % 9:
        case 4:
            state, more = State.PAUSED, {"next_run_at": None}
        case 7:
            state, more = State.COMPLETED, {"next_run_at": None}
        case 8:
            more |= {"failed_run_count": 6, "failing_since": now - timedelta(hours=7)}
    created_at = max(user.created_at, now - timedelta(days=300)) + timedelta(minutes=nth)
    task = Task(
        user=user,
        name=name.format(thing=thing),
        search_query=f"https://{page.format(slug=slug)}",
        condition_description=condition.format(n=chance.randint(20, 400)),
        schedule="every 7 days",
        state=state,
        is_public=nth % 6 == 1,
        created_at=min(created_at, now - timedelta(days=DAYS)),
        state_changed_at=now - timedelta(days=3 if state != State.ACTIVE else DAYS),
        **more,
    )
    return task, finding
