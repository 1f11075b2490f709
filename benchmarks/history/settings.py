"""The product's settings, and the empty view. Logs and limits are as in production."""

from torale.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
