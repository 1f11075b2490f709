"""Proofs, kept in the database, of the secrets that go with it.

The machines of one installation share the database and must share TORALE_FIELD_KEYS and SECRET_KEY
as well. One with other secrets could not read what the others store, nor they what it stores, so
it must not start. A process checks this before it does anything else.
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
    """This process has other secrets than those that the database was used with."""


def check(database: BaseDatabaseWrapper = connection) -> bool:
    """Make sure that this process has the secrets that go with the database.

    TORALE_FIELD_KEYS fits if any of its keys decrypts the proof, SECRET_KEY if it or one of
    SECRET_KEY_FALLBACKS has signed the proof: so secrets can be replaced while processes run. The
    first process that finds no proofs makes them.

    Returns:
        False if the database has not been migrated yet, so that there was nothing to check.

    Raises:
        SecretsDiffer: says in one sentence which secret differs and what to do.
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
            f"This database was used with another {' and another '.join(differing)}. Set what the "
            "other machines have (in their environment, or in the file of that name in their "
            "TORALE_DATA_DIR). If that is lost for good, run `manage.py reencrypt_secrets` to go "
            "on with the present value."
        )
    return True


def check_at_first_connection() -> None:
    """Have `check` called when this process first connects; that connection fails if it raises."""
    connection_created.connect(_check_connection)


def renew() -> None:
    """Replace the proofs with those of the present secrets."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, _made())


def _check_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    try:
        is_checked = check(connection)
    except SecretsDiffer:
        # Left open, it would be used without coming here again.
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
