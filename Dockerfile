# The image of gdrive-sync and registry-probe: docs/image.md says what is in it and how to check it.
# Any Debian 12 will do as the base; a build that has to be repeatable names it by digest.
ARG BASE=docker.io/library/debian:12-slim

FROM ${BASE} AS compile
WORKDIR /src
COPY . .
RUN ./dev build && cmake --install build --strip --prefix /programs

# The two programs, and what of others is in them. A build that has them already replaces this stage,
# and with it the one above: --build-context programs=DIR.
FROM scratch AS programs
COPY --from=compile /programs/ /

FROM ${BASE} AS assemble
WORKDIR /src
COPY dev .
RUN ./dev deps runtime
COPY image image
COPY LICENSE .
COPY --from=programs / /programs/
ARG SOURCE_DATE_EPOCH
RUN python3 image/assemble.py --programs /programs --root /rootfs

# For `docker build --target sbom --output DIR`.
FROM scratch AS sbom
COPY --from=assemble /rootfs/usr/share/sbom/ /

FROM scratch
ARG BASE
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gdrive-sync" \
      org.opencontainers.image.description="Mirrors a Google Drive folder into a directory; probes a registry for what it cannot serve" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=assemble /rootfs/ /
ENV PATH=/usr/bin
USER 65532:65532
ENTRYPOINT ["/usr/bin/gdrive-sync"]
