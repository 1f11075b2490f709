"""The product's settings, with a baseline view, quiet logs, and permission to call this machine."""

import ipaddress

from torale.settings import *  # noqa: F403
from torale.settings import LOGGING

ROOT_URLCONF = "benchmarks.urls"
TORALE_WEBHOOK_ALLOW_PRIVATE = (ipaddress.ip_network("127.0.0.0/8"),)
TORALE_REQUESTS_PER_MINUTE = 0
LOGGING["root"]["level"] = "WARNING"
