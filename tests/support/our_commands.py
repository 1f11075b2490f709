"""The project's own commands, among those of Django and the libraries."""

from django.core.management import get_commands

APPS = ("torale", "accounts", "executions", "tasks", "notifications", "desk", "console")
#: The names of the commands, and the app of each.
OURS: dict[str, str] = {name: app for name, app in get_commands().items() if app in APPS}
