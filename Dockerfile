# syntax=docker/dockerfile:1
# One static program on nothing: no shell, no packages, no certificates to go out of date (the roots are in the program).
#
#   docker build -t writ .
#   docker run -p 127.0.0.1:9000:9000 -v writ:/data -e WRIT_PUBLIC_URL=… -e WRIT_TRUSTED_PROXIES=… writ
#
# How, and with which settings: docs/deploy.md
FROM rust:1.90-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/*
WORKDIR /writ
# x86_64 or aarch64: what is built for is what this runs on.
RUN rustup target add "$(uname -m)-unknown-linux-musl"
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock askama.toml ./
COPY benches benches
COPY data data
COPY src src
COPY static static
COPY templates templates
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/writ/target \
    cargo build --release --locked --bin writ --target "$(uname -m)-unknown-linux-musl" \
    && cp "target/$(uname -m)-unknown-linux-musl/release/writ" /usr/local/bin/writ \
    && mkdir -p -m 700 /empty/data

FROM scratch
COPY --from=build /usr/local/bin/writ /writ
# So that a volume that is new belongs to whom the program runs as, and to nobody else. Copied by itself it would lose its mode.
COPY --from=build --chown=65532:65532 /empty /
USER 65532:65532
ENV WRIT_DATA=/data
ENV WRIT_LISTEN=0.0.0.0:9000
VOLUME ["/data"]
EXPOSE 9000
# Whether it should be asked anything now, through the control socket in /data: there is no shell here, nor a curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/writ", "doctor", "--ready"]
ENTRYPOINT ["/writ"]
CMD ["serve"]
