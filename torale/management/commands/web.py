"""`manage.py web`: the web server."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.servers.basehttp import get_internal_wsgi_application

from torale.garbage import collect_rarely
from torale.management.subcommands import ExampleCommand
from torale.ports import CannotListen, listen
from torale.web import Server

#: How many threads run views; each keeps a database connection.
THREADS = 4


class Command(ExampleCommand):
    """Serves on one core. To use more, run several behind a proxy, each with its TORALE_LISTEN."""

    help = "Serve the API and the admin until SIGTERM or Ctrl-C."
    examples = ("web",)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal arrives, and then finish the requests under way."""
        application = get_internal_wsgi_application()
        try:
            listener = listen(*settings.TORALE_LISTEN)
        except CannotListen as error:
            raise CommandError(str(error)) from error
        collect_rarely()
        server = Server(application, listener, threads=THREADS)
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_, lambda *_: server.stop())
        server.run()
