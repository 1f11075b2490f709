"""`manage.py receive_webhooks`: a receiver to try webhooks with, that prints and verifies them."""

import hmac
import json
import time
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from notifications.channels.webhook.signing import sign
from notifications.models import WebhookConfig
from torale.fields import Undecryptable, kept
from torale.management.subcommands import ExampleCommand

#: How far a timestamp may be off (Standard Webhooks, "Verifying webhook authenticity").
TOLERANCE_S = 5 * 60


class Command(ExampleCommand):
    """Listens on this machine only; answers 204 to what verifies and 401 to the rest."""

    help = "Listen for webhooks on this machine, verify their signatures and print them."
    examples = ("receive_webhooks", "receive_webhooks --port 9100 --secret whsec_…")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the port and, for a receiver of somebody else's webhooks, the secret."""
        parser.add_argument("--port", type=int, default=9000, help="default: 9000")
        parser.add_argument(
            "--secret", help="whsec_…; default: those of all users of this installation"
        )

    def handle(self, *args: Any, port: int, secret: str | None, **options: Any) -> None:
        """Serve until Ctrl-C."""
        command = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    verified = command.verify(dict(self.headers.items()), body, secret)
                finally:
                    # Each request has a thread of its own, and with it a connection of the pool.
                    connection.close()
                self.send_response(204 if verified else 401)
                self.end_headers()
                command.show(f"{self.command} {self.path}", body, verified=verified)

            do_PUT = do_POST  # noqa: N815 - http.server's name

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Print nothing of its own."""

        try:
            server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise CommandError(
                f"127.0.0.1:{port} cannot be served ({error.strerror}); choose another --port."
            ) from error
        self.stdout.write(f"Listening for webhooks on http://localhost:{port}/ - Ctrl-C to stop.")
        self.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()

    def verify(self, headers: dict[str, str], body: bytes, secret: str | None) -> bool:
        """Tell whether `body` was signed with the secret, or any of this installation, just now."""
        headers = {name.lower(): value for name, value in headers.items()}
        timestamp = headers.get("webhook-timestamp", "")
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
            return False
        secrets = [secret] if secret else secrets_of_all()
        signatures = headers.get("webhook-signature", "").split(" ")
        return any(
            hmac.compare_digest(
                sign(
                    message_id=headers.get("webhook-id", ""),
                    event_type="",  # not part of what is signed
                    timestamp=int(timestamp),
                    body=body,
                    secrets=[known],
                )["webhook-signature"],
                signature,
            )
            for known in secrets
            for signature in signatures
        )

    def show(self, request: str, body: bytes, *, verified: bool) -> None:
        """Print what arrived."""
        try:
            text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        except ValueError:
            text = body.decode(errors="replace")
        verdict = "signature verified" if verified else "SIGNATURE NOT VALID"
        self.stdout.write(f"\n{request} - {verdict}\n{text}")
        self.stdout.flush()


def secrets_of_all() -> list[str]:
    """Return the secrets of all users of this installation but those that cannot be decrypted."""
    secrets = [kept(config, "secret") for config in WebhookConfig.objects.all()]
    return [secret for secret in secrets if not isinstance(secret, Undecryptable)]
