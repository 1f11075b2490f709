"""`manage.py check`: misconfiguration that the settings' own parsers cannot see."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured

from torale.fields import fernet


@register()
def check_field_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[Error]:  # noqa: ARG001
    """Refuse keys that could not encrypt, before anything is to be encrypted (torale.E001)."""
    try:
        fernet()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="torale.E001")]
    return []
