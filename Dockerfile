FROM node:22-slim AS web

WORKDIR /srv/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY schema/schema.graphql /srv/schema/schema.graphql
COPY web ./
RUN npm run build

FROM python:3.13-slim

WORKDIR /srv/roomkey
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY schema schema
COPY cli cli
COPY db db
COPY demo demo
COPY embedded embedded
COPY engine engine
COPY --from=web /srv/api/built api/built
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --system --no-create-home roomkey

USER roomkey
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["roomkey", "serve", "--host", "0.0.0.0"]
