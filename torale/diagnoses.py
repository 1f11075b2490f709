"""Checks of the machine, the settings and the database."""

import shutil
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from torale import clock, proofs, schema, trouble
from torale.api.shared_request_counts import storage_at
from torale.database import direct_parameters, is_pooled
from torale.doctor import Check, Finding, Verdict
from torale.processes import alive, newest_version
from torale.schema import Standing

#: The oldest PostgreSQL that Django supports, as libpq numbers it.
OLDEST_SERVER: Final = 140000
#: Seconds to wait for the database, and for the web server.
PATIENCE_S: Final = 5
#: The clocks of this machine and of the database may differ by this much.
CLOCKS_DIFFER: Final = timedelta(seconds=5)
#: With less free space in TORALE_DATA_DIR, the embedded database may soon fail, or fails now.
LITTLE_SPACE, NO_SPACE = 2 * 10**9, 200 * 10**6
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
#: What it means for an installation how this version and the tables stand to each other.
STANDINGS: Final = {
    Standing.FITS: Verdict.OK,
    Standing.AHEAD: Verdict.WARNING,
    Standing.BEHIND: Verdict.PROBLEM,
    Standing.TOO_NEW: Verdict.PROBLEM,
}
#: What no two databases have in common.
WHICH_DATABASE: Final = """
SELECT concat(extract(epoch FROM pg_postmaster_start_time()), ' ', oid)
FROM pg_database WHERE datname = current_database()
"""


def look_at_settings() -> Iterator[Finding]:
    """Run Django's checks; with an https address, also those for production."""
    name, is_https = "settings", settings.TORALE_URL.startswith("https:")
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=is_https)
        if not message.is_silenced() and message.level >= checks.WARNING
    ]
    for message in sorted(messages, key=attrgetter("id")):
        verdict = Verdict.PROBLEM if message.level >= checks.ERROR else Verdict.WARNING
        yield Finding(name, verdict, f"{message.msg} ({message.id})", message.hint or "")
    if not messages:
        yield Finding(name, Verdict.OK, "Django's checks find nothing.")


def look_at_disk() -> Iterator[Finding]:
    """Look for free space in TORALE_DATA_DIR."""
    folder = settings.TORALE_DATA_DIR
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        text = f"TORALE_DATA_DIR ({folder}) cannot be read: {error.strerror}."
        yield Finding("disk", Verdict.PROBLEM, text, "let the user that runs Torale write there.")
        return
    text = f"{free / 10**9:.1f} GB are free in TORALE_DATA_DIR ({folder})."
    if free < LITTLE_SPACE:
        verdict = Verdict.PROBLEM if free < NO_SPACE else Verdict.WARNING
        remedy = "make room; `manage.py prune` deletes old sends and executions."
        yield Finding("disk", verdict, text, remedy)
    else:
        yield Finding("disk", Verdict.OK, text)


def look_at_address() -> Iterator[Finding]:
    """Look whether TORALE_URL is fit for production, and whether Torale answers there."""
    url = settings.TORALE_URL
    parts = urlsplit(url)
    if parts.hostname in LOOPBACK:
        text = f"TORALE_URL is {url}, which only this machine can open."
        remedy = "set TORALE_URL to the public address; links in emails begin with it."
        yield Finding("address", Verdict.WARNING, text, remedy)
    elif parts.scheme != "https":
        text = f"TORALE_URL is {url}: passwords and API keys travel unencrypted."
        remedy = "put a proxy with TLS in front, and set TORALE_URL to its https address."
        yield Finding("address", Verdict.WARNING, text, remedy)
    said = _what_answers(f"{url}/healthz")
    if said:
        remedy = "start `manage.py web`, and see that the proxy passes requests on to it."
        yield Finding("web", Verdict.WARNING, f"{url}/healthz {said}.", remedy)
    else:
        yield Finding("web", Verdict.OK, f"Torale answers at {url}.")


def look_at_database() -> Iterator[Finding]:
    """Connect to the database."""
    name = "database"
    try:
        parameters = {"connect_timeout": PATIENCE_S, **connection.get_connection_params()}
        with psycopg.connect(**parameters) as database:
            version = database.info.server_version
            [shown] = database.execute("SHOW server_version").fetchone() or ("",)
    except (DatabaseError, psycopg.Error) as error:
        remedy = "see that PostgreSQL runs, and that DATABASE_URL is right."
        yield Finding(name, Verdict.PROBLEM, trouble.in_words(error), remedy)
        return
    text = f"PostgreSQL {shown} answers."
    if version < OLDEST_SERVER:
        yield Finding(name, Verdict.PROBLEM, text, "upgrade it to version 14 or newer.")
    else:
        yield Finding(name, Verdict.OK, text)


def look_at_direct_address() -> Iterator[Finding]:
    """Look whether workers and `migrate` reach PostgreSQL itself, and the same database."""
    name = "direct address"
    setting = "DATABASE_DIRECT_URL" if settings.DATABASE_DIRECT else "DATABASE_URL"
    with psycopg.connect(**connection.get_connection_params()) as usual:
        expected = usual.execute(WHICH_DATABASE).fetchone()
    try:
        with psycopg.connect(**direct_parameters()) as direct:
            reached = direct.execute(WHICH_DATABASE).fetchone()
            is_by_pooler = is_pooled(direct)
    except psycopg.Error as error:
        text = f"{setting} cannot be reached: {trouble.reason_of(error)}."
        yield Finding(name, Verdict.PROBLEM, text, f"mend {setting}; workers cannot work.")
        return
    if reached != expected:
        text = "DATABASE_DIRECT_URL leads to another database than DATABASE_URL."
        yield Finding(name, Verdict.PROBLEM, text, "let both lead to the same database.")
    elif is_by_pooler:
        text = f"A connection pooler answers at {setting}, so workers look for work once a second."
        remedy = "set DATABASE_DIRECT_URL to an address of PostgreSQL itself."
        yield Finding(name, Verdict.WARNING, text, remedy)
    else:
        yield Finding(name, Verdict.OK, f"{setting} leads to PostgreSQL itself.")


def look_at_cache() -> Iterator[Finding]:
    """Look whether the cache answers that counts requests for all web processes."""
    name = "cache"
    if not settings.CACHE_URL:
        text = "CACHE_URL is not set: each web process counts the requests of keys for itself."
        yield Finding(name, Verdict.OK, text)
        return
    try:
        storage_at(settings.CACHE_URL).get_connection().ping()
    except RedisError as error:
        text = (
            f"The cache does not answer ({error}), so each web process counts the requests of keys "
            "for itself."
        )
        yield Finding(name, Verdict.WARNING, text, "see that it runs, and that CACHE_URL is right.")
    else:
        yield Finding(name, Verdict.OK, "The cache answers.")


def look_at_migrations() -> Iterator[Finding]:
    """Look whether the tables are those of this version."""
    compared = schema.compare()
    yield Finding("migrations", STANDINGS[compared.standing], compared.text, compared.remedy)


def look_at_secrets() -> Iterator[Finding]:
    """Look whether this process has the secrets with which the database was used."""
    try:
        proofs.check()
    except proofs.SecretsDiffer as error:
        what, _, remedy = str(error).partition(". ")
        yield Finding("secrets", Verdict.PROBLEM, f"{what}.", f"{remedy[:1].lower()}{remedy[1:]}")
    else:
        text = "SECRET_KEY and TORALE_FIELD_KEYS fit the database."
        yield Finding("secrets", Verdict.OK, text)


def look_at_clocks() -> Iterator[Finding]:
    """Compare this machine's clock with the database's."""
    difference = abs(clock.now() - datetime.now(UTC))
    text = f"This machine's clock and the database's differ by {difference.total_seconds():.1f} s."
    if difference > CLOCKS_DIFFER:
        remedy = "see which one is wrong, and let NTP set it; receivers refuse late signatures."
        yield Finding("clock", Verdict.WARNING, text, remedy)
    else:
        yield Finding("clock", Verdict.OK, text)


def look_at_processes() -> Iterator[Finding]:
    """Look whether processes are alive, and whether they are of one version."""
    name, processes = "processes", alive(now=clock.now())
    versions = sorted({process.version for process in processes})
    text = "1 process is alive" if len(processes) == 1 else f"{len(processes)} processes are alive"
    if not processes:
        remedy = "start `manage.py web` and `manage.py worker`, or `manage.py serve`."
        yield Finding(name, Verdict.WARNING, "No process is alive.", remedy)
    elif len(versions) > 1:
        text = f"{text}, of the versions {', '.join(versions)}."
        remedy = (
            f"restart those that are not of {newest_version(processes)}; `manage.py status` lists "
            "them."
        )
        yield Finding(name, Verdict.WARNING, text, remedy)
    else:
        yield Finding(name, Verdict.OK, f"{text}, of version {versions[0]}.")


CHECKS: Final = (
    Check("settings", look_at_settings),
    Check("disk", look_at_disk),
    Check("address", look_at_address),
    Check("database", look_at_database),
    Check("direct address", look_at_direct_address, needs="database"),
    Check("cache", look_at_cache),
    Check("secrets", look_at_secrets, needs="database"),
    Check("migrations", look_at_migrations, needs="database"),
    Check("clock", look_at_clocks, needs="migrations"),
    Check("processes", look_at_processes, needs="migrations"),
)


def _what_answers(url: str) -> str:
    """Return the end of a sentence that says what is wrong at `url`; empty if all is well."""
    try:
        # The settings accept only http and https.
        with urllib.request.urlopen(url, timeout=PATIENCE_S):  # noqa: S310
            return ""
    except HTTPError as error:
        return f"answers {error.code}"
    except OSError as error:
        return f"does not answer ({getattr(error, 'reason', error)})"
