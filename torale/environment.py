"""How settings are read from the environment: a parser for each kind of value, and clear errors."""

import ipaddress
import os
import re
import secrets
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from torale.outbound.url_rules import STAFF, Network, Reserved

T = TypeVar("T")

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")

#: Parameters of a connection: how long to wait for a server that does not answer, in seconds (the
#: last one in milliseconds). By default, a connection to a machine that has lost its power would
#: fail after a quarter of an hour, or after two hours if it only waits for data.
NOTICE_A_LOST_SERVER = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

env = environ.Env()


def read(
    name: str, parse: Callable[[str], T], default: str, expected: str, *, secret: bool = False
) -> T:
    """Return the setting `name`, parsed.

    Raises:
        ImproperlyConfigured: the message names the setting, the value (unless it is `secret`) and
            what is expected.
    """
    value = os.environ.get(name, default).strip()
    try:
        return parse(value)
    except ValueError as error:
        if secret:
            raise ImproperlyConfigured(f"{name} must be {expected}.") from None
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be {expected}.") from error


def kept_secret(name: str, make: Callable[[], str], *, data_dir: Path) -> str:
    """Return the secret `name` from the environment, or one that is kept in a file.

    All processes of one installation must use the same value. The first that needs it makes it.

    Args:
        name: the environment variable; the file has the same name in lower case.
        make: returns a new secret.
        data_dir: the folder of the file.

    Raises:
        ImproperlyConfigured: the file can be neither read nor made; the message says what to do.
    """
    if value := os.environ.get(name):
        return value
    path = data_dir / name.lower()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        made = data_dir / f".{path.name}.{secrets.token_hex(8)}"
        if not path.exists():
            made.touch(mode=0o600)
            try:
                made.write_text(make())
                os.link(made, path)  # atomic; fails if another process was first
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read or written ({error.strerror}); set {name} in the environment "
            "or TORALE_DATA_DIR to a folder of your own."
        ) from error


def folder(value: str) -> Path:
    """Return the absolute path; an empty value, which would be the current folder, is refused."""
    if not value:
        raise ValueError(value)
    return Path(value).absolute()


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return a parser of whole numbers from `minimum` to `maximum`, which may be None for any."""

    def parse(value: str) -> int:
        number = int(value)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError(value)
        return number

    return parse


def amount(value: str) -> Decimal:
    """Parse an amount of money, 0 or more."""
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(value) from error
    if not number.is_finite() or number < 0:
        raise ValueError(value)
    return number


def switch(value: str) -> bool:
    """Return whether `value` means on; it must be a word for on or off."""
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        raise ValueError(value)
    return words[value.lower()]


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader that accepts only these words."""

    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(value)
        return value

    return parse


def optional(parse: Callable[[str], str]) -> Callable[[str], str]:
    """Return a parser that accepts an empty value, too, and returns it."""
    return lambda value: parse(value) if value else value


def hosts_of(address: str) -> list[str]:
    """Return the hosts to answer for: the host of `address`, and if it is loopback, all its names.

    People who run Torale on a laptop open either localhost or 127.0.0.1, whichever is printed.
    """
    host = urlsplit(address).hostname or ""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        is_loopback = host == "localhost"
    else:
        is_loopback = ip.is_loopback
        host = f"[{host}]" if ip.version == 6 else host  # noqa: PLR2004
    return list(dict.fromkeys([host, *(LOOPBACK_HOSTS if is_loopback else ())]))


def web_address(value: str) -> str:
    """Return `value` without a trailing slash; it must be an http(s) URL with a host."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise ValueError(value)
    _ = parts.port  # raises ValueError if it is not a possible port
    return value.rstrip("/")


def search_engine(value: str) -> str:
    """Return `value`: empty, `brave`, `tavily`, or `searxng+` and the http(s) URL of a SearXNG."""
    kind, plus, url = value.partition("+")
    if kind == "searxng" and plus:
        return f"searxng+{web_address(url)}"
    if value not in {"", "brave", "tavily"}:
        raise ValueError(value)
    return value


def listen_address(value: str) -> tuple[str, int]:
    """Split `host:port`; the port must be from 1 to 65535."""
    host, _, port = value.rpartition(":")
    if not host or not 0 < int(port) < 65536:  # noqa: PLR2004 - the largest TCP port
        raise ValueError(value)
    return host.strip("[]"), int(port)


def comma_separated(value: str) -> list[str]:
    """Parse comma-separated texts."""
    return [part.strip() for part in value.split(",") if part.strip()]


def origins(value: str) -> tuple[str, ...]:
    """Parse a comma-separated list of origins such as `https://app.example`; `*` allows any."""
    parts = tuple(comma_separated(value))
    for part in parts:
        address = urlsplit(part)
        is_origin = (
            address.scheme and address.netloc and part == f"{address.scheme}://{address.netloc}"
        )
        if part != "*" and not is_origin:
            raise ValueError(value)
    return parts


def networks(value: str) -> tuple[Network | Reserved, ...]:
    """Parse a comma-separated list of networks such as `10.0.0.0/8,::1/128`.

    An `@` after a network says who may use it: `127.0.0.0/8@staff,10.1.0.0/16@olive@example.com`.
    """
    parsed: list[Network | Reserved] = []
    for part in comma_separated(value):
        text, at, whose = part.partition("@")
        network = ipaddress.ip_network(text)
        if at and whose != STAFF and not re.fullmatch(r"[^@\s]+@[^@\s]+", whose):
            raise ValueError(value)
        parsed.append(Reserved(network, whose.lower()) if at else network)
    return tuple(parsed)


def port_ranges(value: str) -> tuple[range, ...]:
    """Parse a comma-separated list of ports and ranges such as `443,8000-8999`."""
    ranges = []
    for part in comma_separated(value):
        first, dash, last = part.partition("-")
        ports = range(int(first), int(last if dash else first) + 1)
        if not ports or ports[0] < 1 or ports[-1] > 65535:  # noqa: PLR2004
            raise ValueError(value)
        ranges.append(ports)
    if not ranges:
        raise ValueError(value)
    return tuple(ranges)


def database(value: str) -> dict[str, Any]:
    """Parse the URL of a PostgreSQL database."""
    parts = urlsplit(value)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ValueError(value)
    address = env.db_url_config(value)
    options = {**NOTICE_A_LOST_SERVER, **address.get("OPTIONS", {})}
    return {**address, "ENGINE": "django.db.backends.postgresql", "OPTIONS": options}


def cache_server(value: str) -> str:
    """Return the URL of a Redis; a Valkey speaks the same protocol, and gets the same scheme."""
    parts = urlsplit(value)
    if parts.scheme not in {"redis", "rediss", "valkey", "valkeys"} or not parts.hostname:
        raise ValueError(value)
    if parts.query:  # it would be taken for arguments of the client
        raise ValueError(value)
    _ = parts.port  # raises ValueError if it is not a possible port
    return re.sub("^valkey", "redis", value)


def mail_server(value: str) -> dict[str, Any]:
    """Parse the URL of a mail server into Django's EMAIL_ settings."""
    if urlsplit(value).scheme not in env.EMAIL_SCHEMES:
        raise ValueError(value)
    config: dict[str, Any] = env.email_url_config(value)
    return config
