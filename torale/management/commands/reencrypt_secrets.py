"""`manage.py reencrypt_secrets`: encrypt all secrets with the first key of TORALE_FIELD_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from torale.fields import EncryptedJSONField, UndecryptableValue

#: Rows locked at a time.
BATCH = 500


class Command(BaseCommand):
    """After this, keys behind the first one may be taken out of the setting."""

    help = "Encrypt all stored secrets anew with the first key of TORALE_FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Go through all models and print how many rows there were."""
        count = 0
        for model in apps.get_models():
            fields = [
                field.name
                for field in model._meta.concrete_fields  # noqa: SLF001 - documented
                if isinstance(field, EncryptedJSONField)
            ]
            if fields:
                count += reencrypt(model, fields)
        self.stdout.write(f"Encrypted the secrets of {count} rows anew.")


def reencrypt(model: type[models.Model], fields: list[str]) -> int:
    """Decrypt and encrypt `fields` of all rows of `model`, in batches; return how many rows.

    Raises:
        CommandError: a value was encrypted with a key that is no longer listed.
    """
    rows = model._default_manager.order_by("pk").only("pk", *fields)  # noqa: SLF001 - documented
    last, count = None, 0
    while True:
        with transaction.atomic():
            later = rows if last is None else rows.filter(pk__gt=last)
            try:
                batch = list(later.select_for_update()[:BATCH])
            except UndecryptableValue as error:
                raise CommandError(str(error)) from error
            for row in batch:
                row.save(update_fields=fields)
        if not batch:
            return count
        last, count = batch[-1].pk, count + len(batch)
