"""What to watch, when next, and what follows from an answer."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """Tasks as a Django app."""

    name = "tasks"
