"""Users, their email addresses and their API keys."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    """The accounts app."""

    name = "accounts"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin app with our own admin site."""

    default = False
    default_site = "accounts.admin_site.AdminSite"
