#!/usr/bin/env bash
# Measures Orion, and prints beside each number its physical limit, measured in the same run: the same answer without a
# database, and the same SQL through pgbench. What is printed last is a table for docs/src/performance.md.
#
# The database is kept in target/bench-data, so that only the first run seeds it (some minutes). All by environment:
#   BENCH_SECONDS=10       how long each scenario runs, three times: with all, without server, without database
#   BENCH_CONNECTIONS=16   clients; each sends its next request when it has the last answer
#   BENCH_VENDORS=100      vendors ...
#   BENCH_PRODUCTS=1000    ... with so many products of two variants
#   BENCH_BIG=50000        products of one more vendor
# A look at whether it still works: BENCH_SECONDS=1 BENCH_VENDORS=2 BENCH_PRODUCTS=100 BENCH_BIG=500 scripts/bench.sh
set -euo pipefail
cd "$(dirname "$0")/.."

export BENCH_SECONDS=${BENCH_SECONDS:-10} BENCH_CONNECTIONS=${BENCH_CONNECTIONS:-16} BENCH_VENDORS=${BENCH_VENDORS:-100}
products=${BENCH_PRODUCTS:-1000} big=${BENCH_BIG:-50000}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# A database for each size.
export ORION_DATA_DIR=$target/bench-data/$BENCH_VENDORS-$products-$big
export ORION_ENV=development ORION_LOGIN_LIMIT=0 ORION_RATE_LIMIT=0 ORION_LISTEN=${ORION_LISTEN:-127.0.0.1:18080}
# Not the caller's: the database is written to.
unset DATABASE_URL READ_DATABASE_URL ORION_{OWNER,PLATFORM,WORKER,DIRECT}_DATABASE_URL

echo '==> Building for release (the first time takes some minutes)'
cargo bench --bench bench --no-run # builds the binary too
export BENCH_ORION=$target/release/orion

if [[ ! -e $ORION_DATA_DIR/seeded ]]; then
  echo "==> Seeding $BENCH_VENDORS vendors of $products products and one of $big"
  mkdir -p "$ORION_DATA_DIR"
  "$BENCH_ORION" seed --vendors "$BENCH_VENDORS" --products "$products"
  # Vendors that exist are left as they are.
  "$BENCH_ORION" seed --vendors $((BENCH_VENDORS + 1)) --products "$big"
  touch "$ORION_DATA_DIR/seeded"
fi

echo "==> Machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) >> 20)) GiB; $(uname -sr)"
echo "==> $(rustc --version); $("$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -1)/postgres" --version)"
echo "==> $(git rev-parse --short HEAD 2> /dev/null || echo 'no commit'), $(date -u +%FT%TZ), load of the machine before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
cargo bench --quiet --bench bench
