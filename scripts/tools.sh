#!/usr/bin/env bash
# Makes sure that programs are there: those named, or those the tests drive (Node.js with npm, Chromium, curl, PostgreSQL).
# On Debian and Ubuntu, as root, it installs what is missing; elsewhere it says what to install.
set -euo pipefail

declare -A packages=([node]=nodejs [npm]=npm [chromium]=chromium [curl]=curl [wrk]=wrk [java]=default-jre-headless [initdb]=postgresql)
[ $# -eq 0 ] && set -- node npm chromium curl initdb
# Debian keeps PostgreSQL's programs out of the path.
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done
missing=()
for program in "$@"; do
  command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing ${missing[*]} from the system's packages"
  if [[ " ${missing[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    # The tests bring a server of their own: the package need not start one.
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
else
  echo "This needs ${missing[*]}: install them with your system's package manager, then try again." >&2
  exit 1
fi
