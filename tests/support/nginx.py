"""nginx with the configuration that is shipped, as a process of its own."""

import http.client
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from tests.support.certificates import self_signed
from tests.support.preloaded_python import ROOT
from tests.support.processes import PROGRAM_DEADLINE_S, free_port
from tests.support.receivers import wait_for

#: Where it is installed is not on everybody's path.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin")

SHIPPED = ROOT / "deploy" / "nginx"

#: What the packages of nginx have around conf.d/*.conf, with folders of the test's own.
MAIN = """
{user}
daemon off;
worker_processes 2;
error_log stderr warn;
pid {folder}/nginx.pid;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/torale.conf;
}}
"""


class Nginx:
    """nginx that runs deploy/nginx/torale.conf at free ports of 127.0.0.1."""

    def __init__(self, folder: Path, upstreams: str) -> None:
        """Write the configuration.

        Args:
            folder: a folder for it, which nobody else uses.
            upstreams: what is in place of deploy/nginx/upstreams.conf.
        """
        self.folder = folder
        self.port, self.http_port = free_port(), free_port()
        conf = (SHIPPED / "torale.conf").read_text().replace("/etc/nginx/torale/", f"{folder}/")
        conf = re.sub(r"^ *listen \[::\].*\n", "", conf, flags=re.MULTILINE)
        conf = conf.replace("listen 443 ", f"listen 127.0.0.1:{self.port} ")
        conf = conf.replace("listen 80;", f"listen 127.0.0.1:{self.http_port};")
        (folder / "torale.conf").write_text(conf)
        (folder / "upstreams.conf").write_text(upstreams)
        # As root, nginx would answer as a user who has no access to the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
        certificate, key = self_signed("localhost", "127.0.0.1")
        (folder / "tls.crt").write_bytes(certificate)
        (folder / "tls.key").write_bytes(key)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        return [str(NGINX), "-e", "stderr", "-p", f"{self.folder}", "-c", "nginx.conf"]

    def check(self) -> subprocess.CompletedProcess[str]:
        """Let nginx check the configuration."""
        return subprocess.run(
            [*self.command, "-t"], capture_output=True, text=True, timeout=30, check=False
        )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(self.command, stderr=log)
        wait_for(lambda: (self.folder / "nginx.pid").exists() or self.process.poll() is not None)
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(PROGRAM_DEADLINE_S)

    @property
    def trusted(self) -> ssl.SSLContext:
        """Return a client's context, which trusts the certificate."""
        return ssl.create_default_context(cafile=self.folder / "tls.crt")

    def client(self, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
        """Return a client that trusts the certificate; `source` is its own address."""
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=30, context=self.trusted, source_address=(source, 0)
        )

    def get(
        self, path: str, source: str = "127.0.0.1", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask for a path over a new connection; return the answer and its body."""
        return self.request("GET", path, None, source=source, **headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        *,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        client = self.client(source)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            client.request(method, path, body, {"Host": f"localhost:{self.port}", **named})
            answer = client.getresponse()
            return answer, answer.read()
        finally:
            client.close()
