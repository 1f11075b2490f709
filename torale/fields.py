"""Model fields that encrypt what they store."""

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.query_utils import DeferredAttribute

from torale.errors import Conflict


class Undecryptable:
    """Stands for a stored value that none of TORALE_FIELD_KEYS decrypts.

    It may be stored again, in any encrypted field: the database then keeps the same ciphertext.
    Converting it to text raises UndecryptableValue, so that it is never shown as data.
    """

    def __init__(self, ciphertext: bytes, field: "EncryptedJSONField") -> None:
        self.ciphertext = ciphertext
        self.field = field

    def __repr__(self) -> str:
        return f"<undecryptable {self.field.model.__name__}.{self.field.name}>"

    def __str__(self) -> str:
        raise UndecryptableValue(self)


class UndecryptableValue(Conflict):
    """A stored secret is needed, but none of TORALE_FIELD_KEYS decrypts it.

    Attributes:
        kept: the object that stands for the value.
    """

    def __init__(self, kept: Undecryptable) -> None:
        super().__init__(
            f"{kept.field.model.__name__}.{kept.field.name} was encrypted with a key that "
            "TORALE_FIELD_KEYS does not list; add the old key at its end."
        )
        self.kept = kept


class EncryptedAttribute(DeferredAttribute):
    """A model's attribute that raises UndecryptableValue if the value cannot be decrypted."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        """Return the value."""
        value = super().__get__(instance, cls)
        if isinstance(value, Undecryptable):
            raise UndecryptableValue(value)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        """Keep the value; without this method, Python would not call `__get__` to read it."""
        instance.__dict__[self.field.attname] = value


def kept(row: models.Model, name: str) -> Any:
    """Return the value of the encrypted field `name`, or the Undecryptable that stands for it."""
    try:
        return getattr(row, name)
    except UndecryptableValue as error:
        return error.kept


def fernet() -> MultiFernet:
    """Return what encrypts with the first of TORALE_FIELD_KEYS and decrypts with all of them.

    Raises:
        ImproperlyConfigured: a key is not valid; the message says how to make one.
    """
    try:
        return _fernet_of(tuple(settings.TORALE_FIELD_KEYS))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TORALE_FIELD_KEYS holds a key that is not valid ({error}); make one with "
            '`python -c "from cryptography.fernet import Fernet; '
            'print(Fernet.generate_key().decode())"`.'
        ) from error


@cache
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in keys])


class EncryptedJSONField(models.BinaryField):  # type: ignore[type-arg]
    """A JSON value, stored encrypted (Fernet) and authenticated; null stays null.

    The first of TORALE_FIELD_KEYS encrypts; all of them decrypt. If none of them decrypts a value,
    reading it raises UndecryptableValue. Its row can still be loaded and saved, which leaves the
    value as it is. `values()` returns an Undecryptable for it.
    """

    descriptor_class = EncryptedAttribute

    def from_db_value(
        self,
        value: memoryview | bytes | None,
        _expression: Expression,
        _connection: BaseDatabaseWrapper,
    ) -> Any:
        """Return the decrypted value, or an Undecryptable if it cannot be decrypted."""
        return self.decrypted_or_kept(value)

    def decrypted_or_kept(self, value: memoryview | bytes | None) -> Any:
        """Return the decrypted value of what the column holds, or the Undecryptable for it."""
        try:
            return self.decrypted(value)
        except UndecryptableValue as error:
            return error.kept

    def decrypted(self, value: memoryview | bytes | None) -> Any:
        """Return the decrypted value of what the column holds.

        Raises:
            UndecryptableValue: none of the keys decrypts it.
        """
        if value is None:
            return None
        try:
            return json.loads(fernet().decrypt(bytes(value)))
        except InvalidToken as error:
            raise UndecryptableValue(Undecryptable(bytes(value), self)) from error

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's signature
        """Return the value to store; a value that cannot be decrypted is stored as it is."""
        return kept(model_instance, self.attname)

    def get_prep_value(self, value: Any) -> bytes | None:
        """Return the ciphertext to store."""
        if value is None:
            return None
        if isinstance(value, Undecryptable):
            return value.ciphertext
        return fernet().encrypt(json.dumps(value).encode())

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Encrypt exactly once; BinaryField would wrap the plain value."""
        return (
            value
            if prepared
            else super().get_db_prep_value(self.get_prep_value(value), connection, prepared=True)
        )

    def value_to_string(self, obj: models.Model) -> Any:
        """Return the plain value for dumpdata, as JSONField does; loaddata reads its JSON."""
        return self.value_from_object(obj)

    def to_python(self, value: Any) -> Any:
        """Return the JSON value as it is; BinaryField would decode text as base64."""
        return value
