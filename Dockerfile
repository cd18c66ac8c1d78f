# The agent alone, for images that copy it from here (docs/images.md) or start from it. For both machines at once:
# docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/pidpiper --push .

FROM node:24-bookworm-slim AS build
# binutils has `strip`: 18 MB less
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM debian:bookworm-slim
# the names of the other tools that the program is
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
 && for name in pidpiper supervisord supervisorctl echo_supervisord_conf pidproxy; do \
      ln -s /opt/pidpiper "/usr/local/bin/$name"; \
    done
# koffi.node beside the binary: nothing has to be unpacked, so that a read-only root is enough
COPY --from=build /build/dist/pidpiper /build/dist/koffi.node /opt/
ARG PIDPIPER_VERSION=0.1.0
ARG PIDPIPER_REVISION=unknown
LABEL org.opencontainers.image.title="pidpiper" \
      org.opencontainers.image.description="Container entrypoint: pipes Kafka records through your program's STDIN and STDOUT, supervised as PID 1, under Consul" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
      org.opencontainers.image.version="${PIDPIPER_VERSION}" \
      org.opencontainers.image.revision="${PIDPIPER_REVISION}"
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/opt/pidpiper", "health"]
ENTRYPOINT ["/opt/pidpiper"]
