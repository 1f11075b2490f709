"""How the tests run the project's programs: in a process of their own, on data of their own."""

import os
import subprocess
import sys

from django.conf import settings

#: Seconds after which a program that should have ended is a failure.
PATIENCE_S = 30


def environment(**values: object) -> dict[str, str]:
    """Return ours without any setting of the project but `values`."""
    own = (
        *("TORALE_", "DATABASE_URL", "EMAIL_URL", "SECRET_KEY", "DJANGO_", "DEFAULT_FROM_EMAIL"),
        "ANYMAIL_",
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**inherited, **{name: str(value) for name, value in values.items()}}


def manage(*arguments: str, **values: object) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with `arguments` and the environment's `values` to its end."""
    return python("manage.py", *arguments, **values)


def python(*arguments: str, **values: object) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**values),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
