"""Model fields that encrypt what they keep."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression


class UndecryptableValue(Exception):
    """A stored secret was encrypted with a key that TORALE_FIELD_KEYS no longer lists."""


def fernet() -> MultiFernet:
    """Return what encrypts with the first of TORALE_FIELD_KEYS and decrypts with all.

    Raises:
        ImproperlyConfigured: a key is none; says how to make one.
    """
    try:
        return MultiFernet([Fernet(key.strip()) for key in settings.TORALE_FIELD_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TORALE_FIELD_KEYS holds a key that is none ({error}); make one with "
            '`python -c "from cryptography.fernet import Fernet; '
            'print(Fernet.generate_key().decode())"`.'
        ) from error


class EncryptedJSONField(models.BinaryField):  # type: ignore[type-arg]
    """A JSON value, kept encrypted (Fernet) and authenticated; null stays null.

    The first of TORALE_FIELD_KEYS encrypts, all decrypt. A value that none of them decrypts raises
    UndecryptableValue instead of passing for data.
    """

    def from_db_value(
        self,
        value: memoryview | bytes | None,
        _expression: Expression,
        _connection: BaseDatabaseWrapper,
    ) -> Any:
        """Decrypt what the database keeps."""
        return self.decrypted(value)

    def decrypted(self, value: memoryview | bytes | None) -> Any:
        """Return what a raw value of the column holds.

        Raises:
            UndecryptableValue: none of the keys decrypts it.
        """
        if value is None:
            return None
        try:
            return json.loads(fernet().decrypt(bytes(value)))
        except InvalidToken as error:
            raise UndecryptableValue(
                f"{self.model.__name__}.{self.name} was encrypted with a key that "
                "TORALE_FIELD_KEYS does not list; add the old key at its end."
            ) from error

    def get_prep_value(self, value: Any) -> bytes | None:
        """Encrypt what the database is to keep."""
        if value is None:
            return None
        return fernet().encrypt(json.dumps(value).encode())

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Encrypt once: BinaryField would wrap the plain value."""
        return (
            value
            if prepared
            else super().get_db_prep_value(self.get_prep_value(value), connection, prepared=True)
        )

    def value_to_string(self, obj: models.Model) -> Any:
        """Hand dumpdata the plain value, as JSONField does: its JSON is what loaddata reads."""
        return self.value_from_object(obj)

    def to_python(self, value: Any) -> Any:
        """Values are JSON already; BinaryField would take text for base64."""
        return value
