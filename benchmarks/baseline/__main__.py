"""Serve the baseline at the address in TORALE_LISTEN, by waitress as it was set up."""

import os

import waitress
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.baseline.settings"

if __name__ == "__main__":
    waitress.serve(
        get_wsgi_application(),
        listen=os.environ["TORALE_LISTEN"],
        threads=4,
        ident=None,
        asyncore_use_poll=True,
        cleanup_interval=1,
        clear_untrusted_proxy_headers=False,
    )
