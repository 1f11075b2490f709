"""All settings of Torale, read from the environment (or from a `.env` file beside manage.py).

Our own are named TORALE_*; docs/settings.md lists them in this order.
"""

import logging
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from torale import admin_theme, logs, policy
from torale.api import openapi
from torale.environment import (
    amount,
    cache_server,
    comma_separated,
    database,
    folder,
    hosts_of,
    kept_secret,
    listen_address,
    mail_server,
    networks,
    one_of,
    optional,
    origins,
    port_ranges,
    read,
    search_engine,
    switch,
    web_address,
    whole_number,
)

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(str(BASE_DIR / ".env"))

# --- Where it lives ------------------------------------------------------------------------------

# The folder of everything that must survive a restart: the embedded database, mail files, secrets.
TORALE_DATA_DIR = read("TORALE_DATA_DIR", folder, str(BASE_DIR / "var"), "a folder")

# The address at which people reach this installation. Links in emails and feeds start with it, and
# requests for other hosts are refused.
TORALE_URL = read(
    "TORALE_URL", web_address, "http://localhost:8000", "an address such as https://torale.example"
)

# Whether pages that are opened over http are redirected to https. Off by default: the proxy that
# terminates TLS can do this, and if it does not send X-Forwarded-Proto, the redirects never end.
TORALE_HTTPS_REDIRECT = read("TORALE_HTTPS_REDIRECT", switch, "off", "on or off")
if TORALE_HTTPS_REDIRECT and not TORALE_URL.startswith("https://"):
    raise ImproperlyConfigured(
        f"TORALE_HTTPS_REDIRECT is on, but TORALE_URL is {TORALE_URL!r}; it must start with https://."
    )

# Origins whose pages may call the API from a browser, without cookies; `*` means any, empty means
# none. Such a page still needs an API key, which is what protects the API.
TORALE_CORS_ORIGINS = read(
    "TORALE_CORS_ORIGINS",
    origins,
    "*",
    "origins such as https://app.example,http://localhost:3000, or * for any",
)

# The address on which `manage.py serve` listens. By default this is loopback only; put a TLS proxy
# in front to make Torale public.
TORALE_LISTEN = read(
    "TORALE_LISTEN", listen_address, "127.0.0.1:8000", "host:port, such as 0.0.0.0:8000"
)

# The email address of the admin that the first start creates; the admin logs in with it.
TORALE_ADMIN_EMAIL = read("TORALE_ADMIN_EMAIL", str, "admin@localhost", "an email address")

# Who may create an account: `invitation` means only people whom an operator invites, `open` anyone
# who can read the mail of the address that they give. It is not open by default, because users make
# the server visit any page of the internet.
TORALE_SIGN_UP = read(
    "TORALE_SIGN_UP", one_of("invitation", "open"), "invitation", "invitation or open"
)

# --- Watching ------------------------------------------------------------------------------------

# Minutes between two visits of a page, unless the task has a `schedule` of its own. Fifteen is
# polite to other people's servers.
TORALE_PAGE_INTERVAL_MINUTES = read(
    "TORALE_PAGE_INTERVAL_MINUTES", whole_number(1), "15", "a whole number of minutes, at least 1"
)

# The shortest time, in minutes, that a task's own `schedule` may leave between two visits. Five
# minutes still spare other people's servers.
TORALE_MINIMUM_INTERVAL_MINUTES = read(
    "TORALE_MINIMUM_INTERVAL_MINUTES", whole_number(1), "5", "a whole number of minutes, at least 1"
)

# Seconds until a page is looked at once more before it is told that it has changed, that something
# is gone, or what a number is; 0 switches it off. In 45 seconds most sites have updated all their
# servers, and what rotates has gone on.
TORALE_CONFIRM_SECONDS = read(
    "TORALE_CONFIRM_SECONDS", whole_number(0), "45", "a whole number of seconds, 0 or more"
)

# Whether pages are visited only if the robots.txt of their sites allows it. Off by default:
# robots.txt is for crawlers, and a task is set by a person for pages that they name.
TORALE_OBEY_ROBOTS = read("TORALE_OBEY_ROBOTS", switch, "off", "on or off")

# How many visits one worker makes at once. Most of the time they wait for servers.
TORALE_VISITS_AT_ONCE = read(
    "TORALE_VISITS_AT_ONCE", whole_number(1), "300", "a whole number, at least 1"
)

# How many active tasks one user may have.
TORALE_MAX_ACTIVE_TASKS = read(
    "TORALE_MAX_ACTIVE_TASKS", whole_number(1), "50", "a whole number, at least 1"
)

# How many notifications a user gets in a day (UTC), and how many emails one address gets in an
# hour; more are recorded as skipped.
TORALE_SENDS_PER_DAY = read(
    "TORALE_SENDS_PER_DAY", whole_number(1), "100", "a whole number, at least 1"
)
TORALE_EMAILS_PER_HOUR = read(
    "TORALE_EMAILS_PER_HOUR", whole_number(1), "10", "a whole number, at least 1"
)

# Days for which executions without a notification are kept; 0 keeps them for ever. Those with a
# notification are kept for TORALE_RETENTION_DAYS, and the latest of each task is always kept. With
# visits every 15 minutes, a task has 2,880 executions in 30 days.
TORALE_EXECUTION_DAYS = read(
    "TORALE_EXECUTION_DAYS", whole_number(0), "30", "a whole number of days, 0 for ever"
)

# Days for which the record of sends, and executions with a notification, are kept; 0 keeps them for
# ever. The bodies of sends and of the answers are kept for a third of that time.
TORALE_RETENTION_DAYS = read(
    "TORALE_RETENTION_DAYS", whole_number(0), "0", "a whole number of days, 0 for ever"
)

# Requests a minute with one API key, counted by each web process; 0 means no limit.
TORALE_REQUESTS_PER_MINUTE = read(
    "TORALE_REQUESTS_PER_MINUTE", whole_number(0), "1000", "a whole number, 0 for no limit"
)

# A Redis or Valkey in which all web processes count the requests of keys together; empty means that
# each process counts separately.
CACHE_URL = read(
    "CACHE_URL",
    optional(cache_server),
    "",
    "an address such as redis://cache:6379/0",
    secret=True,
)

# How many proxies in front append to X-Forwarded-For; limits per address use the client's address
# from there.
TORALE_PROXIES = read("TORALE_PROXIES", whole_number(0), "0", "a whole number, at least 0")

# --- Asking a language model ---------------------------------------------------------------------

# The language model that answers questions in plain words, by its name in pydantic-ai, such as
# `openai:gpt-5-mini` or `anthropic:claude-haiku-4-5`; empty means none. Its provider's own
# variables have the key, such as OPENAI_API_KEY.
TORALE_MODEL = read("TORALE_MODEL", str, "", "a model such as openai:gpt-5-mini")

# The address of an OpenAI-compatible server to ask instead of the model's provider, up to the `/v1`
# in which most end. The key in OPENAI_API_KEY goes to it, if there is one.
TORALE_MODEL_URL = read(
    "TORALE_MODEL_URL", optional(web_address), "", "an address such as http://localhost:11434/v1"
)

# The model that is asked when TORALE_MODEL fails, by its name in pydantic-ai; empty means none.
TORALE_FALLBACK_MODEL = read(
    "TORALE_FALLBACK_MODEL", str, "", "a model such as anthropic:claude-haiku-4-5"
)

# The search engine for questions that name no page; empty means none. The operator of a SearXNG
# must allow its format `json`.
TORALE_SEARCH = read(
    "TORALE_SEARCH",
    search_engine,
    "",
    "brave, tavily or the address of a SearXNG such as searxng+https://searx.example",
)

# The key for `brave` or `tavily`.
TORALE_SEARCH_KEY = read("TORALE_SEARCH_KEY", str, "", "a key", secret=True)

# Seconds that answering one question may take. A worker's lease on a visit allows 140 at most.
TORALE_AGENT_SECONDS = read(
    "TORALE_AGENT_SECONDS", whole_number(10, 140), "100", "a whole number of seconds, 10 to 140"
)

# How often one visit may ask the model, search, and read a page, and how many tokens it may use,
# those of its input included. A visit that reaches a limit answers with what it knows.
TORALE_AGENT_REQUESTS = read(
    "TORALE_AGENT_REQUESTS", whole_number(3), "8", "a whole number, at least 3"
)
TORALE_AGENT_SEARCHES = read(
    "TORALE_AGENT_SEARCHES", whole_number(1), "4", "a whole number, at least 1"
)
TORALE_AGENT_PAGES = read("TORALE_AGENT_PAGES", whole_number(1), "6", "a whole number, at least 1")
TORALE_AGENT_TOKENS = read(
    "TORALE_AGENT_TOKENS", whole_number(10_000), "60000", "a whole number, at least 10000"
)

# What the model may cost each user in a calendar month (UTC), in US dollars. For a model whose
# price is not known, the number of tokens counts instead.
TORALE_USER_BUDGET_USD = read(
    "TORALE_USER_BUDGET_USD", amount, "5", "an amount in US dollars, such as 2.50"
)
TORALE_USER_BUDGET_TOKENS = read(
    "TORALE_USER_BUDGET_TOKENS", whole_number(0), "5000000", "a whole number, 0 or more"
)

# How certain the model must be that a condition holds before anybody is told, in percent.
TORALE_MIN_CONFIDENCE = read(
    "TORALE_MIN_CONFIDENCE", whole_number(0, 100), "80", "a whole number from 0 to 100"
)

# The longest time, in days, that a model may leave between two visits. The shortest is
# TORALE_MINIMUM_INTERVAL_MINUTES.
TORALE_MAXIMUM_INTERVAL_DAYS = read(
    "TORALE_MAXIMUM_INTERVAL_DAYS", whole_number(1), "30", "a whole number of days, at least 1"
)

# --- Reaching other people's servers -------------------------------------------------------------

# Networks that webhooks and watched pages may be in besides the public internet. A network is for
# all users, unless it is followed by @staff (users who may enter the admin) or by @ and the email
# of one user. These users can read what servers there answer.
TORALE_WEBHOOK_ALLOW_PRIVATE = read(
    "TORALE_WEBHOOK_ALLOW_PRIVATE",
    networks,
    "",
    "networks such as 10.1.0.0/16, or 127.0.0.0/8@staff for some users only",
)

# Ports that may be called. Most ports below 1024 belong to protocols other than HTTP.
TORALE_OUTBOUND_PORTS = read(
    "TORALE_OUTBOUND_PORTS", port_ranges, "80,443,1024-65535", "ports such as 443,8000-8999"
)

# --- Secrets -------------------------------------------------------------------------------------

SECRET_KEY = kept_secret("SECRET_KEY", lambda: secrets.token_urlsafe(50), data_dir=TORALE_DATA_DIR)

# Former values of SECRET_KEY. They sign nothing new, but what they have signed stays valid, such as
# the unsubscribe links in emails.
SECRET_KEY_FALLBACKS = read(
    "SECRET_KEY_FALLBACKS", comma_separated, "", "comma-separated keys", secret=True
)

# Keys that encrypt webhook secrets, and header values of webhooks and visits, at rest. The first
# encrypts; all decrypt.
TORALE_FIELD_KEYS = kept_secret(
    "TORALE_FIELD_KEYS", lambda: Fernet.generate_key().decode(), data_dir=TORALE_DATA_DIR
).split(",")

# --- Database and mail ---------------------------------------------------------------------------

# A pool of connections; a request that waits longer than `timeout` seconds for one is answered 503.
# Five seconds, because a restart of PostgreSQL takes about that long, and a web thread that waits
# serves nobody. Each thread of a web process keeps its connection (torale.kept_connection). After
# `reconnect_timeout` the pool tries anew; it would double its pauses for five minutes.
POOL = {"min_size": 0, "max_size": 12, "timeout": 5, "reconnect_timeout": 5}

_expected = "an address such as postgres://user:password@host:5432/name"
_default: dict[str, Any] = {"ENGINE": "torale.postgres", "NAME": "torale", "OPTIONS": {}}
if "DATABASE_URL" in os.environ:
    _default = read("DATABASE_URL", database, "", _expected, secret=True)
# Statements are prepared only where the code asks for it. None would switch that off, too.
_default["OPTIONS"] |= {"pool": POOL, "prepare_threshold": sys.maxsize}
DATABASES = {"default": {**_default, "CONN_HEALTH_CHECKS": True}}

# An address of the same database without a connection pooler (torale.database), if there is one at
# DATABASE_URL.
DATABASE_DIRECT: dict[str, Any] | None = None
if os.environ.get("DATABASE_DIRECT_URL"):
    if "DATABASE_URL" not in os.environ:
        raise ImproperlyConfigured("DATABASE_DIRECT_URL is set; set DATABASE_URL, too.")
    DATABASE_DIRECT = read("DATABASE_DIRECT_URL", database, "", _expected, secret=True)
    DATABASE_DIRECT["OPTIONS"] |= {"pool": POOL, "prepare_threshold": sys.maxsize}

EMAIL_FILE_PATH = str(TORALE_DATA_DIR / "mail")
if "EMAIL_URL" in os.environ:
    _email = read(
        "EMAIL_URL",
        mail_server,
        "",
        "an address such as smtp+tls://user:password@host:587",
        secret=True,
    )
    EMAIL_BACKEND = _email.pop("EMAIL_BACKEND")
    globals().update(_email)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
# A provider of django-anymail, such as `postmark`, instead of EMAIL_URL; it reports back what
# became of each mail. Its own settings are read from ANYMAIL_*.
TORALE_EMAIL_PROVIDER = read("TORALE_EMAIL_PROVIDER", str, "", "the name of an Anymail backend")
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value
    for name, value in os.environ.items()
    if name.startswith("ANYMAIL_")
}
if TORALE_EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{TORALE_EMAIL_PROVIDER}.EmailBackend"
# How many seconds to wait for the mail server at each step.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL", str, "Torale <torale@localhost>", "an address")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Django --------------------------------------------------------------------------------------

DEBUG = False
_address = urlsplit(TORALE_URL)
ALLOWED_HOSTS = hosts_of(TORALE_URL)
CSRF_TRUSTED_ORIGINS = [f"{_address.scheme}://{_address.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _address.scheme == "https"
# In a cookie, a message that was not shown yet would outlive the log-out, and the browser's next
# user would read it.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if _address.scheme == "https" else None
)
# A year, in seconds, for which browsers that have used https once use nothing else.
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _address.scheme == "https" else 0
SILENCED_SYSTEM_CHECKS = [
    # We must not force https on other hosts of the operator's domain.
    "security.W005",
    "security.W021",
    # torale.browsers has Django's protection from cross-site request forgery.
    "security.W003",
    # TORALE_HTTPS_REDIRECT or the proxy redirects. Django would redirect the API, too.
    "security.W008",
]

CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy.DIRECTIVES}

# Pages of other origins may call the API with a key, but never with a session's cookie.
CORS_ALLOW_ALL_ORIGINS = "*" in TORALE_CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in TORALE_CORS_ORIGINS if origin != "*"]
CORS_URLS_REGEX = r"^/(api/v1|auth)(/|$)"
CORS_ALLOW_HEADERS = ["Authorization", "Content-Type", "If-Match", "If-None-Match", "Prefer"]
CORS_EXPOSE_HEADERS = [
    "Link",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "ETag",
    "Preference-Applied",
]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "accounts.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django_structlog",
    "csp",
    "django_htmx",
    "django.contrib.humanize",
    # Only if there is a provider, because its checks load an HTTP client.
    *(["anymail"] if TORALE_EMAIL_PROVIDER else []),
    "procrastinate.contrib.django",
    "torale",
    "accounts",
    "executions",
    "tasks",
    "notifications",
    "desk",
    "console",
]
MIDDLEWARE = [
    "torale.request_log.RequestLog",
    "torale.proxies.warn_of_unknown_proxy",
    "torale.health.at_any_host",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "torale.https.redirect_pages",
    "torale.policy.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "torale.waiting.refuse_meanwhile",
    "torale.browsers.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "torale.browsers.CsrfViewMiddleware",
    "torale.browsers.AuthenticationMiddleware",
    "torale.browsers.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "torale.api.throttling.rate_limit_headers",
]
ROOT_URLCONF = "torale.urls"
CSRF_FAILURE_VIEW = "torale.api.errors.no_csrf_token"
WSGI_APPLICATION = "torale.wsgi.application"
# Every path works with and without its final slash; a redirect would lose the body of a POST.
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            # Ours are found before those of the theme that they replace.
            BASE_DIR / "torale" / "templates",
            # The email channel keeps its templates beside its code.
            BASE_DIR / "notifications" / "channels" / "email" / "templates",
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "console:log-in"
LOGIN_REDIRECT_URL = "console:tasks"
LOGOUT_REDIRECT_URL = "console:home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = "torale.formats"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
# We accept nothing that is larger than 1 MiB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["torale.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "torale.api.renderers.JSONRenderer",
        "torale.api.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_FILTER_BACKENDS": ["torale.api.filters.FilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["torale.api.throttling.KeyThrottle"],
    "NUM_PROXIES": TORALE_PROXIES,
    "DEFAULT_SCHEMA_CLASS": "torale.api.schema.Schema",
    "EXCEPTION_HANDLER": "torale.api.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = openapi.SPECTACULAR | {
    "SERVERS": [{"url": TORALE_URL, "description": "This installation."}]
}

# With procrastinate's default, `tasks`, the app of that name would be taken for a module of jobs.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

UNFOLD = admin_theme.UNFOLD

# --- Logs ----------------------------------------------------------------------------------------

structlog.configure(**logs.STRUCTLOG)
# One line for each request, when it has ended: what its beginning would say is in that line, too.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
LOGGING = logs.LOGGING
