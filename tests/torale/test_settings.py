"""Settings from the environment: what is taken, and what a wrong one says."""

import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from tests.support import preloaded_python
from tests.support.processes import PROGRAM_DEADLINE_S, environment, manage, python
from torale import environment as environment_
from torale.outbound.url_rules import Reserved

TAKEN = {
    "whole number": (environment_.whole_number(1), "1", 1),
    "large whole number": (environment_.whole_number(1), "1440", 1440),
    "folder": (environment_.folder, "/srv/torale", Path("/srv/torale")),
    "folder below this one": (environment_.folder, "data", Path.cwd() / "data"),
    "address": (environment_.web_address, "https://torale.example", "https://torale.example"),
    "address with a slash": (
        environment_.web_address,
        "https://torale.example/",
        "https://torale.example",
    ),
    "address with a port": (
        environment_.web_address,
        "http://[::1]:8000",
        "http://[::1]:8000",
    ),
    "listen": (environment_.listen_address, "0.0.0.0:8000", ("0.0.0.0", 8000)),
    "listen to a name": (environment_.listen_address, "localhost:1", ("localhost", 1)),
    "listen to IPv6": (environment_.listen_address, "[::1]:65535", ("::1", 65535)),
    "on": (environment_.switch, "on", True),
    "yes": (environment_.switch, "Yes", True),
    "off": (environment_.switch, "off", False),
    "zero": (environment_.switch, "0", False),
    "no network": (environment_.networks, "", ()),
    "networks": (
        environment_.networks,
        "10.0.0.0/8, ::1/128,192.0.2.7,",
        (ip_network("10.0.0.0/8"), ip_network("::1/128"), ip_network("192.0.2.7/32")),
    ),
    "networks for some": (
        environment_.networks,
        "127.0.0.0/8@staff, 10.1.0.0/16@Olive@Example.com,::1",
        (
            Reserved(ip_network("127.0.0.0/8"), "staff"),
            Reserved(ip_network("10.1.0.0/16"), "olive@example.com"),
            ip_network("::1/128"),
        ),
    ),
    "port": (environment_.port_ranges, "443", (range(443, 444),)),
    "ports": (
        environment_.port_ranges,
        "80, 8000-8999,65535,",
        (range(80, 81), range(8000, 9000), range(65535, 65536)),
    ),
    "database": (
        environment_.database,
        "postgres://olive:s3%40cret@db.example:6432/torale?sslmode=require",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "torale",
            "USER": "olive",
            "PASSWORD": "s3@cret",
            "HOST": "db.example",
            "PORT": 6432,
            "OPTIONS": {**environment_.NOTICE_A_LOST_SERVER, "sslmode": "require"},
        },
    ),
    "database on the primary of two servers": (
        environment_.database,
        "postgres://olive@a.example:5432,b.example:5433/torale?target_session_attrs=read-write",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "torale",
            "USER": "olive",
            "PASSWORD": "",
            "HOST": "a.example,b.example",
            "PORT": "5432,5433",
            "OPTIONS": {
                **environment_.NOTICE_A_LOST_SERVER,
                "target_session_attrs": "read-write",
            },
        },
    ),
    "database with a patience of its own": (
        environment_.database,
        "postgres://olive@db.example/torale?connect_timeout=1",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "torale",
            "USER": "olive",
            "PASSWORD": "",
            "HOST": "db.example",
            "PORT": "",
            "OPTIONS": {**environment_.NOTICE_A_LOST_SERVER, "connect_timeout": 1},
        },
    ),
    "database of a socket": (
        environment_.database,
        "postgresql:////run/postgresql/torale",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "torale",
            "USER": "",
            "PASSWORD": "",
            "HOST": "/run/postgresql",
            "PORT": "",
            "OPTIONS": environment_.NOTICE_A_LOST_SERVER,
        },
    ),
    "mail server": (
        environment_.mail_server,
        "smtp+tls://olive:s3cret@mail.example:587",
        {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "mail.example",
            "EMAIL_PORT": 587,
            "EMAIL_HOST_USER": "olive",
            "EMAIL_HOST_PASSWORD": "s3cret",
            "EMAIL_USE_TLS": True,
            "EMAIL_FILE_PATH": "",
        },
    ),
}


@pytest.mark.parametrize(("parse", "text", "value"), TAKEN.values(), ids=TAKEN.keys())
def test_a_setting_is_taken_as_it_is_meant(parse, text, value):
    assert parse(text) == value


REFUSED = {
    environment_.whole_number(1): ["", "0", "-1", "1.5", "fifteen", "1e3"],
    environment_.folder: [""],
    environment_.web_address: [
        *("", "torale.example", "//torale.example", "ftp://torale.example", "https://"),
        *("https://torale.example?a=b", "http://torale.example:http", "http://a.example:65536"),
        "http://[::1",
    ],
    environment_.listen_address: [
        *("", "8000", ":8000", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536"),
        *("0.0.0.0:http", "0.0.0.0:-1"),
    ],
    environment_.switch: ["", "maybe", "2", "onn"],
    environment_.networks: [
        "10.0.0.1/8",
        "10.0.0.0/33",
        "intranet",
        "10.0.0.0/8;::1",
        "*",
        "10.0.0.0/8@",
        "10.0.0.0/8@olive",
        "10.0.0.0/8@a@b@c",
        "staff@10.0.0.0/8",
        "@staff",
    ],
    environment_.port_ranges: ["", ",", "0", "65536", "http", "90-80", "80-", "-80", "1-65536"],
    environment_.database: [
        *("", "nonsense", "torale", "mysql://db.example/torale", "sqlite:///torale.db"),
        *("postgres://db.example", "postgres://db.example/", "postgres://db.example:port/torale"),
    ],
    environment_.mail_server: ["", "nonsense", "imap://mail.example", "smtp://mail.example:x"],
}


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse, text) for parse, texts in REFUSED.items() for text in texts],
    ids=[f"{parse.__name__} {text}" for parse, texts in REFUSED.items() for text in texts],
)
def test_a_setting_that_cannot_be_meant_is_refused(monkeypatch, parse, text):
    monkeypatch.setenv("TORALE_TESTED", text)

    with pytest.raises(ImproperlyConfigured) as error:
        environment_.read("TORALE_TESTED", parse, "unused", "something better")

    assert str(error.value) == f"TORALE_TESTED is {text!r}; it must be something better."


def test_a_setting_that_is_not_set_has_its_default(monkeypatch):
    monkeypatch.delenv("TORALE_TESTED", raising=False)

    assert environment_.read("TORALE_TESTED", int, "7", "a number") == 7


def test_white_space_around_a_setting_does_not_matter(monkeypatch):
    monkeypatch.setenv("TORALE_TESTED", " 7\n")

    assert environment_.read("TORALE_TESTED", int, "1", "a number") == 7


# What `manage.py` says in front of a wrong environment: all of it.
SENTENCES = {
    "TORALE_DATA_DIR=": "TORALE_DATA_DIR is ''; it must be a folder.",
    "TORALE_URL=torale.example": (
        "TORALE_URL is 'torale.example'; it must be an address such as https://torale.example."
    ),
    "TORALE_LISTEN=8000": ("TORALE_LISTEN is '8000'; it must be host:port, such as 0.0.0.0:8000."),
    "TORALE_PAGE_INTERVAL_MINUTES=0": (
        "TORALE_PAGE_INTERVAL_MINUTES is '0'; it must be a whole number of minutes, at least 1."
    ),
    "TORALE_MAX_ACTIVE_TASKS=many": (
        "TORALE_MAX_ACTIVE_TASKS is 'many'; it must be a whole number, at least 1."
    ),
    "TORALE_WEBHOOK_ALLOW_PRIVATE=10.0.0.1/8": (
        "TORALE_WEBHOOK_ALLOW_PRIVATE is '10.0.0.1/8'; "
        "it must be networks such as 10.1.0.0/16, or 127.0.0.0/8@staff for some users only."
    ),
    "TORALE_OUTBOUND_PORTS=http": (
        "TORALE_OUTBOUND_PORTS is 'http'; it must be ports such as 443,8000-8999."
    ),
    # These may hold a password, which is nothing for a screen or a log.
    "DATABASE_URL=postgres://olive:s3cret@db.example:port/torale": (
        "DATABASE_URL must be an address such as postgres://user:password@host:5432/name."
    ),
    "DATABASE_DIRECT_URL=postgres://olive:s3cret@db.example/torale": (
        "DATABASE_DIRECT_URL is set; set DATABASE_URL, too."
    ),
    "EMAIL_URL=olive:s3cret@mail.example": (
        "EMAIL_URL must be an address such as smtp+tls://user:password@host:587."
    ),
}


@pytest.mark.parametrize(("setting", "sentence"), SENTENCES.items(), ids=SENTENCES.keys())
def test_a_command_in_a_wrong_environment_ends_with_one_sentence(tmp_path, setting, sentence):
    name, _, value = setting.partition("=")

    ended = manage("check", **{"TORALE_DATA_DIR": tmp_path, name: value})

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"torale: {sentence}\n")


def test_a_command_in_a_right_environment_runs(tmp_path):
    ended = manage(
        "check",
        TORALE_DATA_DIR=tmp_path,
        DATABASE_URL="postgres://olive@db.example/torale",
        EMAIL_URL="smtp://mail.example",
    )

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_data_folder_that_cannot_be_is_told_with_what_to_do(tmp_path):
    file = tmp_path / "file"
    file.touch()

    ended = manage("check", TORALE_DATA_DIR=file / "data")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"torale: {file}/data/secret_key cannot be read or written (Not a directory); set "
        "SECRET_KEY in the environment or TORALE_DATA_DIR to a folder of your own.\n"
    )


# --- Secrets -------------------------------------------------------------------------------------

SHOW = (
    "from torale.settings import SECRET_KEY, TORALE_FIELD_KEYS;"
    "print(SECRET_KEY, *TORALE_FIELD_KEYS)"
)


def test_secrets_are_made_once_and_are_their_owners_alone(tmp_path):
    data = tmp_path / "data"

    shown = [python("-c", SHOW, TORALE_DATA_DIR=data).stdout for _ in range(2)]

    secret_key, field_key = shown[0].split()
    assert shown[0] == shown[1]
    assert len(secret_key) >= 50
    Fernet(field_key).encrypt(b"")  # it is a key
    modes = {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()}
    assert modes == {"secret_key": 0o600, "torale_field_keys": 0o600}


def test_two_installations_have_different_secrets(tmp_path):
    shown = [
        python("-c", SHOW, TORALE_DATA_DIR=tmp_path / name).stdout.split()
        for name in ("here", "there")
    ]

    assert len({secret for secrets in shown for secret in secrets}) == 4


def test_processes_that_start_at_once_get_the_same_secrets(tmp_path):
    processes = [
        preloaded_python.start(
            *("-c", SHOW),
            environment=environment(TORALE_DATA_DIR=tmp_path),
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]

    shown = set()
    for process in processes:
        with process.stdout as output:
            shown.add(output.read())
        assert process.wait(PROGRAM_DEADLINE_S) == 0

    assert len(shown) == 1
    assert len(shown.pop().split()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret_key", "torale_field_keys"]


def test_secrets_of_the_environment_are_used_and_nothing_is_kept(tmp_path):
    keys = [Fernet.generate_key().decode() for _ in range(2)]

    ended = python(
        "-c",
        SHOW,
        TORALE_DATA_DIR=tmp_path,
        SECRET_KEY="from the environment",
        TORALE_FIELD_KEYS=",".join(keys),
    )

    assert ended.stdout == f"from the environment {keys[0]} {keys[1]}\n"
    assert list(tmp_path.iterdir()) == []
