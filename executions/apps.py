"""Executions: each asks a task's question and keeps the answer."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    """Executions as a Django app."""

    name = "executions"
