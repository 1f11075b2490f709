"""Run `manage.py status` in this process."""

from io import StringIO

from django.core.management import call_command


def run_status() -> tuple[int, str]:
    """Return the command's exit status and what it prints."""
    out = StringIO()
    try:
        call_command("status", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()
