# Torale's image: `docker build --tag torale .` makes it. compose.yaml also builds the image of pgbouncer from here.

# --- Torale's packages and code, compiled ---
FROM python:3.13-slim AS build
COPY requirements.txt /tmp/
# All packages come as wheels, so no compiler is needed.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --no-compile \
        --only-binary :all: --require-hashes --requirement /tmp/requirements.txt
# .dockerignore says which files these are.
COPY . /srv/torale
# Nothing is compiled in a container, because its files cannot be written there.
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib /srv/torale

# --- pgbouncer, because its project publishes no image ---
FROM debian:trixie-slim AS pgbouncer
RUN apt-get update --quiet=2 \
    && apt-get install --quiet=2 --yes --no-install-recommends pgbouncer \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
EXPOSE 6432
# On SIGTERM, pgbouncer would wait until its clients leave, and Torale keeps its connections. On SIGINT, it waits for the
# transactions under way.
STOPSIGNAL SIGINT
ENTRYPOINT ["pgbouncer"]
CMD ["/etc/pgbouncer/pgbouncer.ini"]

# --- Torale ---
FROM python:3.13-slim
ARG VERSION=dev
LABEL org.opencontainers.image.title="Torale" \
    org.opencontainers.image.description="Watches the web for you, and records who was told" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="$VERSION"
# A number, so that an orchestrator sees that it is not root.
RUN groupadd --gid 10001 torale \
    && useradd --uid 10001 --gid torale --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin torale \
    && install --directory --owner=torale --group=torale --mode=0700 /data
# Owned by root: no process of Torale can change its own code.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/torale /srv/torale
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TORALE_DATA_DIR=/data \
    TORALE_LISTEN=0.0.0.0:8000
WORKDIR /srv/torale
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# For `web`. A worker has no port; run it with --no-healthcheck.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s CMD ["python", "-I", "-c", "\
from http.client import HTTPConnection; \
web = HTTPConnection('127.0.0.1', 8000, timeout=4); \
web.request('GET', '/healthz'); \
raise SystemExit(web.getresponse().status != 200)"]
ENTRYPOINT ["python", "manage.py"]
CMD ["web"]
