# Builds a wheel in the first stage and installs only that in the second.
FROM python:3.12-slim-bookworm AS build

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY cds_service ./cds_service
COPY cards ./cards
COPY fixtures ./fixtures
RUN python -m venv /opt/cds-service \
    && python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && /opt/cds-service/bin/python -m pip install --no-cache-dir "$(echo /wheels/*.whl)[postgresql,report]" \
    && /opt/cds-service/bin/cds-service check \
    && /opt/cds-service/bin/python -m pip uninstall --yes pip

FROM python:3.12-slim-bookworm

LABEL org.opencontainers.image.title="cds-service" \
      org.opencontainers.image.description="CDS Hooks service for cervical-spine MRI orders" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN groupadd --system --gid 10001 cds \
    && useradd --system --uid 10001 --gid cds --no-create-home --shell /usr/sbin/nologin cds \
    && install -d -o cds -g cds -m 0700 /var/lib/cds-service
COPY --from=build /opt/cds-service /opt/cds-service

ENV PATH="/opt/cds-service/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CDS_SERVICE_HOST=0.0.0.0 \
    CDS_SERVICE_PORT=5005 \
    CDS_SERVICE_STORE=sqlite:////var/lib/cds-service/store.db \
    CDS_SERVICE_REPLAY_STORE=sqlite:////var/lib/cds-service/seen.db

VOLUME /var/lib/cds-service
USER 10001:10001
WORKDIR /tmp
EXPOSE 5005

HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['CDS_SERVICE_PORT'] + '/livez', timeout=2)"]

# Production mode: refuses to start until a client is configured.
CMD ["cds-service", "serve"]
