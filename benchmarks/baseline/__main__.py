"""Serve the baseline at the address in TORALE_LISTEN, with as many threads as the product had."""

import os

import waitress
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.baseline.settings"

THREADS = 4

if __name__ == "__main__":
    waitress.serve(get_wsgi_application(), listen=os.environ["TORALE_LISTEN"], threads=THREADS)
