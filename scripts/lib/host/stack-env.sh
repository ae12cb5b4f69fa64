# shellcheck shell=sh
# Writes stack.env. Sourced after say.sh, bases.sh, directory.sh and provide.sh.

: "${root:?must be set to the checkout before this file is sourced}"

# write_stack_env [UNIT]: chooses ports, and writes what differs between two stacks of this machine, for a shell and for systemd. With
# UNIT, it uses the directories that systemd creates for the unit, and logs go to stdout.
write_stack_env() {
  run=${host:?find_host sets it}/run
  log=$host/log
  data=$host/prometheus-data
  [ -z "${1:-}" ] || {
    run=/run/$1
    log=
    data=/var/lib/$1/prometheus
  }
  user=$(id -un)
  [ "$(id -u)" != 0 ] || user=${host_user:?}
  # Ports of the running stack become free before the next one starts.
  own_ports=
  ! host_main >/dev/null || own_ports=$(sed -n 's/^[A-Z_]*PORT="\([0-9]*\)"$/\1/p' "$host/stack.env")
  # As in compose, the public port may have an address before it.
  public=$(port_setting PUBLIC_PORT 8040)
  # shellcheck disable=SC2086
  ports=$(node "$root/scripts/lib/host/choose-ports.ts" $own_ports \
    "PUBLIC_PORT=${public##*:}" \
    "METRICS_HOST_PORT=$(port_setting METRICS_HOST_PORT "$(port_setting METRICS_DOOR_PORT 9040)")" \
    "PROMETHEUS_PORT=$(port_setting PROMETHEUS_PORT 9090)" \
    PORT=?8041 METRICS_PORT=?9041 NGINX_STATUS_PORT=?8043 NGINX_EXPORTER_PORT=?9113 PROMETHEUS_OWN_PORT=?9091) || exit 1
  port=$(printf '%s\n' "$ports" | sed -n 's/^PUBLIC_PORT="\(.*\)"$/\1/p')
  case $public in *:*) port=${public%:*}:$port ;; esac
  (
    umask 022
    cat >"$host/stack.env.new" <<END
$ports
PUBLIC_LISTEN="$port"
UNIT="${1:-}"
STACK_USER="$user"
HOST_DIRECTORY="$host"
RUN_DIRECTORY="$run"
LOG_DIRECTORY="$log"
TMPDIR="$run"
PROMETHEUS_MULTIPROC_DIR="$run/metrics"
PROMETHEUS_DATA="$data"
PROMETHEUS_CONFIGURATION="$host/app/prometheus"
PROMETHEUS="${prometheus?find_prometheus sets it}"
NGINX_CONFIGURATION="$host/app/nginx"
NGINX_PREFIX="$run/nginx"
NGINX_EXPORTER="${exporter?find_exporter sets it}"
PAGE="$host/app/nginx/page"
PYTHON="${python:?find_python sets it}"
PYTHONDONTWRITEBYTECODE="1"
NODE_ENV="production"
PATH="$host/bin:$(dirname "$(command -v nginx)"):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
END
  )
  mv -f "$host/stack.env.new" "$host/stack.env"
}

# port_setting NAME DEFAULT
port_setting() {
  port_setting=$(setting "$1")
  printf '%s' "${port_setting:-$2}"
}
