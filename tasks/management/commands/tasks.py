"""`manage.py tasks list|pause|resume|complete|run`: the tasks of all users."""

from typing import Any
from uuid import UUID

from accounts.management.find import user_called
from tasks.lifecycle import update_task
from tasks.models import State, Task, attach_last_executions
from tasks.run import start
from torale import clock
from torale.management.output import add_format, write_rows
from torale.management.subcommands import GroupCommand, add_limit

#: The columns of the list.
COLUMNS = (
    *("id", "name", "user", "state", "next_run_at", "failed_runs", "failing_since"),
    *("last_run_at", "last_run", "last_error"),
)
#: Subcommands, the state that each sets, and what it prints.
STATES = {
    "pause": (State.PAUSED, "Paused."),
    "resume": (State.ACTIVE, "Active again; it is due now."),
    "complete": (State.COMPLETED, "Completed."),
}
ID = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"


class Command(GroupCommand):
    """Does what owners can do through the API, with the same rules."""

    help = "List tasks, pause, resume or complete them, or run them now."
    examples = (
        "tasks list --failing",
        f"tasks pause {ID}",
        f"tasks run {ID}",
    )

    def add_subcommands(self) -> None:
        """Add `list`, `pause`, `resume`, `complete` and `run`."""
        listing = self.subcommand(
            "list",
            self.list_tasks,
            help_="List the tasks that match, the newest first.",
            examples=(
                "tasks list --user olive@example.com",
                "tasks list --failing --format csv",
                "tasks list --overdue",
                "tasks list --state paused --limit 10",
            ),
        )
        listing.add_argument("--state", choices=State.values)
        listing.add_argument("--user", metavar="EMAIL", help="only tasks of this user")
        trouble = listing.add_mutually_exclusive_group()
        trouble.add_argument(
            "--failing",
            action="store_true",
            help="only active tasks whose last visit failed, the longest failing first",
        )
        trouble.add_argument(
            "--overdue",
            action="store_true",
            help="only tasks whose visit is due, the longest overdue first",
        )
        add_limit(listing, default=50)
        add_format(listing)

        for name in STATES:
            changing = self.subcommand(
                name,
                self.change,
                help_=f"{name.capitalize()} tasks.",
                examples=(f"tasks {name} {ID}",),
            )
            changing.set_defaults(to=name)
            changing.add_argument("ids", type=UUID, nargs="+", metavar="ID")

        run = self.subcommand(
            "run",
            self.run_now,
            help_="Visit tasks now, whatever their state and schedule are.",
            examples=(f"tasks run {ID}", f"tasks run --force --no-notifications {ID}"),
        )
        run.add_argument("ids", type=UUID, nargs="+", metavar="ID")
        run.add_argument(
            "--force", action="store_true", help="cancel an execution that has not ended"
        )
        run.add_argument(
            "--no-notifications",
            action="store_true",
            help="notify nobody if the condition is met",
        )

    def list_tasks(self, *, limit: int, format: str, **options: Any) -> None:  # noqa: A002 - its name
        """Print the tasks that match."""
        tasks = Task.objects.select_related("user").order_by("-pk")  # ids sort by time of creation
        if options["user"]:
            tasks = tasks.for_user(user_called(options["user"])).newest_first()
        if options["state"]:
            tasks = tasks.filter(state=options["state"])
        if options["failing"]:
            tasks = tasks.failing().order_by("failing_since", "pk")
        if options["overdue"]:
            tasks = tasks.overdue(clock.now()).order_by("next_run_at", "pk")
        found = attach_last_executions(tasks[:limit])
        write_rows(self.stdout, map(row_of, found), columns=COLUMNS, as_=format)

    def change(self, *, ids: list[UUID], to: str, **_: Any) -> None:
        """Change the state of each task."""
        now, (state, said) = clock.now(), STATES[to]

        def act(pk: UUID) -> str:
            update_task(task=Task.objects.get(pk=pk), fields={"state": state}, now=now)
            return said

        self.do_each(ids, act, noun="task")

    def run_now(self, *, ids: list[UUID], force: bool, no_notifications: bool, **_: Any) -> None:
        """Start an execution of each task."""
        now = clock.now()

        def act(pk: UUID) -> str:
            execution = start(
                task=Task.objects.get(pk=pk), now=now, force=force, notify=not no_notifications
            )
            return f"Started execution {execution.pk}."

        self.do_each(ids, act, noun="task")


def row_of(task: Task) -> dict[str, Any]:
    """Return the values of a task and its latest execution by column."""
    latest = task.last_execution
    return {
        "id": task.pk,
        "name": task.name,
        "user": task.user.email,
        "state": task.state,
        "next_run_at": task.next_run_at,
        "failed_runs": task.failed_run_count,
        "failing_since": task.failing_since,
        "last_run_at": latest and latest.started_at,
        "last_run": latest and latest.status,
        "last_error": latest and latest.error_message,
    }
