# One image for all roles: the API (default), the worker (`jobwise work`) and the migrations (`jobwise migrate`).

FROM node:22-bookworm-slim AS explorer
WORKDIR /explorer
COPY scripts/graphiql/package.json scripts/graphiql/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && mkdir graphiql \
 && cp node_modules/react/umd/react.production.min.js node_modules/react-dom/umd/react-dom.production.min.js \
       node_modules/graphiql/graphiql.min.js node_modules/graphiql/graphiql.min.css graphiql/

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/jobwise
WORKDIR /src
COPY requirements.lock ./
RUN /opt/jobwise/bin/pip install --require-hashes -r requirements.lock
COPY . .
COPY --from=explorer /explorer/graphiql schema/static/graphiql
RUN /opt/jobwise/bin/pip install --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --create-home --home-dir /var/lib/jobwise jobwise
COPY --from=build /opt/jobwise /opt/jobwise
ENV PATH=/opt/jobwise/bin:$PATH PYTHONUNBUFFERED=1 JOBWISE_ENV=production JOBWISE_HOST=0.0.0.0 \
    JOBWISE_PORT=8000 JOBWISE_HOME=/var/lib/jobwise
USER jobwise
WORKDIR /var/lib/jobwise
VOLUME /var/lib/jobwise
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['JOBWISE_PORT']}/health/ready\", timeout=2)"]
CMD ["jobwise", "serve"]
