"""The product's settings, with what a request passed through at commit dc2fe3d."""

from torale.settings import *  # noqa: F403
from torale.settings import DATABASES, REST_FRAMEWORK

DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 12, "timeout": 5}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
MIDDLEWARE = [
    "benchmarks.baseline.request.RequestLog",
    "benchmarks.baseline.request.warn_of_unknown_proxy",
    "benchmarks.baseline.request.at_any_host",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "benchmarks.baseline.request.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "benchmarks.baseline.request.rate_limit_headers",
]
REST_FRAMEWORK |= {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "benchmarks.baseline.request.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["benchmarks.baseline.request.KeyThrottle"],
}
ROOT_URLCONF = "benchmarks.urls"
