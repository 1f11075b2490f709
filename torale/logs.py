"""How logs are written: one JSON object a line on stderr, each with its request's id."""

import json
import logging
import re
from typing import Any

import orjson
import structlog

# No line names its file, thread or process, so they need not be found out (Python's HOWTO on
# logging, "Optimization").
logging._srcfile = None  # noqa: SLF001 - the HOWTO names it
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


#: The paths of links in mails, up to the token, and the token: whoever knows it can create an
#: account, set a password or stop emails.
_TOKEN = re.compile(r"(/(?:sign-up|password-reset/[^/\s]+|unsubscribe)/)[^/\s]+")


def without_tokens(text: str) -> str:
    """Return `text` without the tokens of paths in it."""
    return _TOKEN.sub(r"\1…", text)


def _without_tokens(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Remove tokens from what is logged: Django's lines about refused requests have the path."""
    line["event"] = without_tokens(str(line["event"]))
    return line


def _as_json(line: dict[str, Any], **options: Any) -> str:
    try:
        return orjson.dumps(line, default=options["default"]).decode()
    except orjson.JSONEncodeError:
        # Some value is beyond what orjson takes, such as half of a surrogate pair.
        return json.dumps(line, **options)


#: What every line gets, whether it was logged with structlog or not.
_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    _without_tokens,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
]
#: What `structlog.configure` is called with.
STRUCTLOG: dict[str, Any] = {
    "processors": [*_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    "wrapper_class": structlog.make_filtering_bound_logger(logging.INFO),
    "logger_factory": structlog.stdlib.LoggerFactory(),
    "cache_logger_on_first_use": True,
}
#: Django's setting of that name.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(_as_json),
            "foreign_pre_chain": _PROCESSORS,
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Answers with 4xx are already in the request log.
        "django.request": {"level": "ERROR"},
        # A line for each job that is fetched and finished is noise; its warnings are not.
        "procrastinate": {"level": "WARNING"},
        # A line for each request to a language model is noise, too.
        "httpx2": {"level": "WARNING"},
        # Otherwise there is a line for each request that waits for a thread.
        "waitress.queue": {"level": "ERROR"},
    },
}
