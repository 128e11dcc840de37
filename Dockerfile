# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends build-essential cmake \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /orion

# The dependencies in a layer of their own, built again only when the manifests or our macros change.
COPY Cargo.toml Cargo.lock ./
COPY crates crates
RUN mkdir -p src tests/it \
 && touch src/lib.rs tests/it/main.rs \
 && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked \
 && rm -r src tests

COPY . .
# cargo compares times: the sources must be newer than what was built from the empty ones.
RUN touch src/lib.rs src/main.rs \
 && cargo build --release --locked \
 && install -D target/release/orion /out/orion

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin orion \
 && install -d -o orion -g orion -m 0700 /data
COPY --from=build /out/orion /usr/local/bin/orion
USER orion
WORKDIR /data
VOLUME /data
ENV ORION_ENV=production ORION_LISTEN=0.0.0.0:8000 ORION_DATA_DIR=/data
EXPOSE 8000
STOPSIGNAL SIGTERM
# bash speaks TCP, so the image needs no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health/ready HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["orion"]
CMD ["serve"]
