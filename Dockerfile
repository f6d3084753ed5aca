# One image for every role: the command decides whether it is the web server, the worker, the clock or the watcher.
# See docker-compose.yml for the four commands.

FROM python:3.12.12-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/lakehouse
ENV PATH=/opt/lakehouse/bin:$PATH

WORKDIR /src
# The requirements change less often than the code, so they are a layer of their own.
COPY requirements.lock ./
RUN pip install --require-hashes --no-deps --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY lakehouse_project lakehouse_project
COPY governance governance
COPY lake lake
COPY bronze bronze
COPY silver silver
COPY gold gold
COPY search search
# Built by the locked hatchling, not by one that is fetched for the occasion; nothing that only builds stays behind.
RUN pip install --no-deps --no-build-isolation . \
    && pip uninstall --yes uv hatchling editables


FROM python:3.12.12-slim-bookworm

ENV PATH=/opt/lakehouse/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONSAFEPATH=1 \
    LAKEHOUSE_HOME=/var/lib/lakehouse

RUN groupadd --system --gid 10001 lakehouse \
    && useradd --system --uid 10001 --gid lakehouse --home-dir /var/lib/lakehouse --no-create-home lakehouse \
    && install --directory --mode 0700 --owner lakehouse --group lakehouse \
        /var/lib/lakehouse /var/lib/lakehouse/inbox /var/lib/lakehouse/tmp

# Debian packages for OCR, such as "tesseract-ocr tesseract-ocr-deu".
ARG TESSERACT=""
RUN if [ -n "$TESSERACT" ]; then \
        apt-get update && apt-get install --yes --no-install-recommends $TESSERACT && rm -rf /var/lib/apt/lists/*; \
    fi

COPY --from=build /opt/lakehouse /opt/lakehouse

USER 10001:10001
WORKDIR /var/lib/lakehouse
VOLUME /var/lib/lakehouse
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", \
     "--blocking-threads", "8", "--backpressure", "64", "--respawn-failed-workers", \
     "lakehouse_project.wsgi:application"]
