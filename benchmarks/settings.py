"""The product's settings, with quiet logs, no limit, and permission to call this machine."""

import ipaddress

from torale.settings import *  # noqa: F403
from torale.settings import LOGGING

TORALE_WEBHOOK_ALLOW_PRIVATE = (ipaddress.ip_network("127.0.0.0/8"),)
TORALE_REQUESTS_PER_MINUTE = 0
LOGGING["root"]["level"] = "WARNING"
