#!/usr/bin/env bash
# Runs a command beside a PostgreSQL cluster of its own: tests/with-postgres.sh COMMAND...
#
# The cluster lives in a new directory under $TMPDIR on a free port of 127.0.0.1, is told to the command as
# KIM_TEST_POSTGRES, and is stopped and removed however the command ends; the exit status is the command's.
# KIM_TEST_POSTGRES_SETTINGS may hold more options of the server ("-c fsync=on ..."), which win over those below: these make
# it fast and nothing durable. PostgreSQL 15 or newer is found in PATH or /usr/lib/postgresql; root on Debian or Ubuntu gets it installed.
set -eu

if [ "$#" -eq 0 ]; then
    echo "usage: $0 COMMAND..." >&2
    exit 2
fi

fail() {
    echo "with-postgres: $*" >&2
    exit 1
}

# Prints the newest directory with the server's programs, version 15 or newer.
find_binaries() {
    local candidate version newest=0 found=
    for candidate in "$(dirname "$(readlink -f "$(command -v postgres || true)")")" /usr/lib/postgresql/*/bin \
        /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
        [ -x "$candidate/postgres" ] && [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ] || continue
        version=$("$candidate/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        if [ "$version" -ge 15 ] && [ "$version" -gt "$newest" ]; then
            newest=$version
            found=$candidate
        fi
    done
    [ -n "$found" ] && echo "$found"
}

install_postgres() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    echo "with-postgres: installing PostgreSQL from the distribution's packages" >&2
    # Only the programs are wanted: no cluster of the system's, and nothing started.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/kim.conf
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 || return 1
    apt-get install -y -qq --no-install-recommends postgresql-15 >&2 \
        || apt-get install -y -qq --no-install-recommends postgresql >&2
}

binaries=$(find_binaries) || {
    install_postgres || fail "needs PostgreSQL 15 or newer. On Debian: sudo apt-get install postgresql" \
        "· Fedora: sudo dnf install postgresql-server · macOS: brew install postgresql@15"
    binaries=$(find_binaries) || fail "the installed PostgreSQL is older than 15"
}

# The server refuses to run as root: there it runs as somebody without rights.
as_owner=()
owner=
if [ "$(id -u)" -eq 0 ]; then
    for owner in postgres nobody; do
        id "$owner" >/dev/null 2>&1 && break
    done
    id "$owner" >/dev/null 2>&1 || fail "run as root, it needs a user named postgres or nobody"
    if command -v setpriv >/dev/null; then
        as_owner=(setpriv "--reuid=$(id -u "$owner")" "--regid=$(id -g "$owner")" --clear-groups)
    elif command -v runuser >/dev/null; then
        as_owner=(runuser -u "$owner" --)
    else
        fail "run as root, it needs setpriv or runuser"
    fi
fi

directory=$(mktemp -d "${TMPDIR:-/tmp}/kim-postgres.XXXXXX")
[ -z "$owner" ] || chown "$owner" "$directory"
started=
child=

stop() {
    trap - EXIT INT TERM HUP
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
    [ -z "$started" ] || run "$binaries/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$directory"
}
run() { (cd "$directory" && HOME=$directory ${as_owner[@]+"${as_owner[@]}"} "$@"); }
trap stop EXIT
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM
trap 'stop; exit 129' HUP

run "$binaries/initdb" -D "$directory/data" -U kim -A trust -E UTF8 --locale=C --no-sync >"$directory/initdb.log" 2>&1 || {
    cat "$directory/initdb.log" >&2
    fail "initdb failed"
}

# Between asking for a free port and taking it another may take it: try again with another.
for attempt in 1 2 3 4 5 6 7 8; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
    if run "$binaries/pg_ctl" -D "$directory/data" -l "$directory/server.log" -w -t 60 -o "-c listen_addresses=127.0.0.1 \
-c port=$port -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
-c max_connections=500 -c shared_buffers=128MB -c jit=off -c logging_collector=off ${KIM_TEST_POSTGRES_SETTINGS:-}" start >/dev/null 2>&1; then
        started=yes
        break
    fi
    [ "$attempt" -lt 8 ] && grep -q "Address already in use" "$directory/server.log" 2>/dev/null || {
        cat "$directory/server.log" >&2
        fail "the server did not start"
    }
done

# In the background and waited for: only then does a signal reach the trap while the command runs.
KIM_TEST_POSTGRES="postgres://kim@127.0.0.1:$port/postgres" "$@" <&0 &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
