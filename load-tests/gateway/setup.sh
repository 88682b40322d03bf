#!/bin/sh
# Sets the peers of the gateway comparison up: nginx, HAProxy, wrk and h2load (nghttp2-client) from Debian's packages, a C compiler for the
# upstream and the evenly spaced load, Spring Cloud Gateway from Maven Central. Run it as root once; then: ./run bench gateway
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target="$here/../target/gateway"
missing=""
for pair in nginx:nginx haproxy:haproxy wrk:wrk h2load:nghttp2-client cc:gcc taskset:util-linux openssl:openssl; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
    echo "Installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
mkdir -p "$target"
echo "Building the upstream and the evenly spaced load"
cc -O2 -o "$target/backend" "$here/backend.c"
cc -O2 -o "$target/pace" "$here/pace.c"
echo "Building Spring Cloud Gateway (downloads about 40 MB the first time)"
"$here/../../mvnw" -q -B -f "$here/scg/pom.xml" package
cp "$here/scg/target/spring-cloud-gateway-0.jar" "$target/scg.jar"
echo "Ready: ./run bench gateway"
