"""Who is asking: users and their API keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts as a Django app."""

    name = "accounts"
