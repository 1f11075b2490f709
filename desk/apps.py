"""What operators see across the apps: the admin's home page, and their roles."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The operator's desk as a Django app."""

    name = "desk"
