"""Who is asking: users and their API keys."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    """Accounts as a Django app."""

    name = "accounts"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """The admin as a Django app, with a site of our own."""

    default = False
    default_site = "accounts.admin_site.AdminSite"
