#!/usr/bin/env bash
# Installs PostgreSQL 15 or newer where there is none (Debian, Ubuntu). Orion runs servers of its own from it; the
# distribution's own server is neither made nor started.
set -euo pipefail

readonly oldest=15

installed() {
  local initdb
  for initdb in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
    [[ -x $initdb ]] || continue
    # `initdb (PostgreSQL) 15.13 (Debian …)`
    [[ $("$initdb" --version) =~ \(PostgreSQL\)\ ([0-9]+) ]] && ((BASH_REMATCH[1] >= oldest)) && return 0
  done
  return 1
}

# Runs a command as root; where that needs a password, only if somebody is there to type it.
as_root() {
  if ((EUID == 0)); then "$@"
  elif [[ -t 0 && -z ${CI:-} ]]; then sudo "$@"
  else sudo -n "$@"
  fi
}

explain() {
  cat >&2 <<TEXT
PostgreSQL $oldest or newer is needed, and could not be installed from here: $1
On Debian and Ubuntu, as root:

  apt-get update && apt-get install postgresql postgresql-contrib

Where the distribution's is older than $oldest: apt-get install postgresql-common, then
/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh, then apt-get install postgresql.
Elsewhere: install it so that initdb and postgres are in PATH; or set DATABASE_URL and its companions (.env.example).
TEXT
  exit 1
}

installed && exit 0
command -v apt-get >/dev/null || explain 'there is no apt-get'
((EUID == 0)) || command -v sudo >/dev/null || explain 'not root, and there is no sudo'

echo '==> Installing PostgreSQL (once)'
as_root apt-get update -q || explain 'apt-get update failed'
# A drop-in, because a changed createcluster.conf would make dpkg ask which one to keep.
if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
  as_root mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/no-main-cluster.conf >/dev/null
fi
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql postgresql-contrib \
  || explain 'apt-get install failed'
installed || explain "the distribution's PostgreSQL is too old"

if ! command -v mold >/dev/null; then
  echo '==> Installing mold, which links faster (optional)'
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends mold || echo 'Going on without mold.'
fi
