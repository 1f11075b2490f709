"""Tasks: what to watch, when to visit it next, and what to do with an answer."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """The tasks app."""

    name = "tasks"
