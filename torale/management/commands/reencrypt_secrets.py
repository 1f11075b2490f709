"""`manage.py reencrypt_secrets`: encrypt all secrets with the first key of TORALE_FIELD_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import models, transaction

from torale import proofs
from torale.fields import EncryptedJSONField, Undecryptable, kept
from torale.management.subcommands import ExampleCommand

#: How many rows are locked at a time.
ROWS_PER_TRANSACTION = 500
#: How many rows the error names.
MOST_ROWS_NAMED = 20


class Command(ExampleCommand):
    """After this, all keys but the first may be removed from the setting.

    It runs even if the secrets differ from those in use before, and stores proofs of the new ones.
    """

    help = (
        "Encrypt all stored secrets with the first key of TORALE_FIELD_KEYS, and store proofs of "
        "it and of SECRET_KEY."
    )
    examples = ("reencrypt_secrets",)

    def handle(self, *args: Any, **options: Any) -> None:
        """Encrypt the secrets of all models again and print how many rows there were.

        Raises:
            CommandError: some secrets could not be decrypted. The message names their rows, which
                are left as they are; all others are encrypted again.
        """
        count, undecryptable = 0, []
        for model in apps.get_models():
            fields = [
                field.name
                for field in model._meta.concrete_fields
                if isinstance(field, EncryptedJSONField)
            ]
            if fields:
                done, left = reencrypt(model, fields)
                count += done
                undecryptable += left
        proofs.renew()
        self.stdout.write(f"Encrypted the secrets of {count} rows again.")
        if undecryptable:
            more = len(undecryptable) - MOST_ROWS_NAMED
            raise CommandError(
                f"{len(undecryptable)} rows hold a secret that was encrypted with a key that "
                "TORALE_FIELD_KEYS does not list; add the old key at its end and run this again: "
                + ", ".join(undecryptable[:MOST_ROWS_NAMED])
                + (f" and {more} more." if more > 0 else ".")
            )


def reencrypt(model: type[models.Model], fields: list[str]) -> tuple[int, list[str]]:
    """Decrypt and encrypt `fields` of all rows of `model`, in batches.

    Returns:
        How many rows were encrypted, and the names of those with a value that cannot be decrypted.
    """
    rows = model._default_manager.order_by("pk").only("pk", *fields)
    last, count = None, 0
    undecryptable = []
    while True:
        with transaction.atomic():
            later = rows if last is None else rows.filter(pk__gt=last)
            batch = list(later.select_for_update()[:ROWS_PER_TRANSACTION])
            for row in batch:
                row.save(update_fields=fields)
                if any(isinstance(kept(row, field), Undecryptable) for field in fields):
                    undecryptable.append(f"{model.__name__} {row.pk}")
                else:
                    count += 1
        if not batch:
            return count, undecryptable
        last = batch[-1].pk
