"""Proofs of the secrets, which the database keeps.

The machines of one installation share the database and must share TORALE_FIELD_KEYS and SECRET_KEY
as well. A machine with other secrets could not read what the others store, and they could not read
what it stores, so it must not start. A process checks this before it does anything else.
"""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from torale.fields import fernet

#: The text that is encrypted and signed; it has no meaning.
TEXT = "torale"
SALT = "torale.proofs"

ADD = """
INSERT INTO torale_secretproof (setting, proof) SELECT * FROM unnest(%s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""
RENEW = """
INSERT INTO torale_secretproof (setting, proof) SELECT * FROM unnest(%s::text[], %s::text[])
ON CONFLICT (setting) DO UPDATE SET proof = EXCLUDED.proof
"""


class SecretsDiffer(ImproperlyConfigured):
    """The secrets of this process are not those with which the database was used."""


def check(database: BaseDatabaseWrapper = connection) -> bool:
    """Check that this process has the secrets with which the database was used.

    TORALE_FIELD_KEYS fits if any of its keys decrypts the proof. SECRET_KEY fits if it or one of
    SECRET_KEY_FALLBACKS has signed the proof. So secrets can be replaced while processes run. The
    first process that finds no proofs makes them.

    Returns:
        False if the database has not been migrated yet, so that there was nothing to check.

    Raises:
        SecretsDiffer: a secret differs; the message says which one and what to do.
    """
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass('torale_secretproof') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        proofs = _stored(cursor)
        if proofs.keys() != FITS.keys():
            cursor.execute(ADD, _made())
            proofs = _stored(cursor)
    differing = [setting for setting, fits in FITS.items() if not fits(proofs[setting])]
    if differing:
        raise SecretsDiffer(
            f"This database was used with another {' and another '.join(differing)}. Set the value "
            "that the other machines have (in their environment, or in the file of that name in "
            "their TORALE_DATA_DIR). If that value is lost for good, run "
            "`manage.py reencrypt_secrets` to continue with the current value."
        )
    return True


def check_at_first_connection() -> None:
    """Call `check` when this process first connects; if it raises, the connection fails."""
    connection_created.connect(_check_connection)


def renew() -> None:
    """Replace the proofs with proofs of the current secrets."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, _made())


def _check_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    try:
        is_checked = check(connection)
    except SecretsDiffer:
        # If it were left open, it would be used without another check.
        connection.close()
        raise
    if is_checked:
        connection_created.disconnect(_check_connection)


def _stored(cursor: Any) -> dict[str, str]:
    cursor.execute("SELECT setting, proof FROM torale_secretproof")
    return dict(cursor.fetchall())


def _made() -> tuple[list[str], list[str]]:
    proofs = {
        "TORALE_FIELD_KEYS": fernet().encrypt(TEXT.encode()).decode(),
        "SECRET_KEY": Signer(salt=SALT).sign(TEXT),
    }
    return [*proofs.keys()], [*proofs.values()]


def _field_keys_fit(proof: str) -> bool:
    try:
        return fernet().decrypt(proof) == TEXT.encode()
    except InvalidToken:
        return False


def _secret_key_fits(proof: str) -> bool:
    try:
        return Signer(salt=SALT).unsign(proof) == TEXT
    except BadSignature:
        return False


FITS = {"TORALE_FIELD_KEYS": _field_keys_fit, "SECRET_KEY": _secret_key_fits}
