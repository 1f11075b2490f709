"""`manage.py check`: finds wrong settings that the parsers of the settings cannot find."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import Error, Warning, register  # noqa: A004 - Django's name
from django.core.exceptions import ImproperlyConfigured

from torale.email_provider import missing_secret
from torale.fields import fernet


@register()
def check_field_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[Error]:  # noqa: ARG001
    """Refuse keys that cannot encrypt, before they are needed (torale.E001)."""
    try:
        fernet()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="torale.E001")]
    return []


@register()
def check_provider_secret(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    **_: Any,
) -> list[Warning]:
    """Warn if the email provider cannot report, because its secret is missing (torale.W001)."""
    provider = settings.TORALE_EMAIL_PROVIDER
    if missing := missing_secret(provider, settings.ANYMAIL):
        return [
            Warning(
                f"TORALE_EMAIL_PROVIDER is {provider!r}, but {missing} is not set, so it cannot "
                "report bounces and complaints.",
                hint="Set it to the secret that the provider signs or logs in with.",
                id="torale.W001",
            )
        ]
    return []
