"""One asking: the question put, the answer got."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    """Executions as a Django app."""

    name = "executions"
