# shellcheck shell=sh
# A Docker engine with compose and buildx that answers. Sourced after say.sh and apt.sh; $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

dockerd_log=/var/log/dockerd.log

# require_engine: returns with a working `docker` on the PATH, or fails saying what to install. An engine that answers
# is taken as it is.
require_engine() {
  use_client_with_plugins
  engine_answers && return
  engine_can_be_provided || fail "no Docker engine with compose and buildx answers here: $(engine_complaint)" \
    "Install Docker Engine 24 or later with its compose and buildx plugins, start it," \
    "and check that \`docker info\`, \`docker compose version\` and \`docker buildx version\` work as this user." \
    "(As root on Debian 12 or 13, this script installs and starts them itself.)"
  # Two scripts at once: the second finds the engine that the first has started.
  exec 8>/run/pandoras-express-engine.lock
  flock 8
  provide_engine
  exec 8>&-
  engine_answers || fail "the Docker engine does not answer: $(engine_complaint)" "Its log is $dockerd_log."
}

engine_answers() {
  docker info >/dev/null 2>&1 && has_plugins docker
}

has_plugins() {
  "$1" compose version >/dev/null 2>&1 && "$1" buildx version >/dev/null 2>&1
}

engine_complaint() {
  for part in info 'compose version' 'buildx version'; do
    # shellcheck disable=SC2086
    docker $part 2>&1 >/dev/null | tail -n 1
  done | grep . | head -n 1
}

engine_can_be_provided() {
  [ -z "${DOCKER_HOST:-}" ] && is_debian_root && case $(os_release VERSION_CODENAME) in
    bookworm | trixie) true ;;
    *) false ;;
  esac
}

provide_engine() {
  engine_answers && return
  if ! { has_plugins /usr/bin/docker && command -v dockerd && command -v iptables; } >/dev/null 2>&1; then
    install_engine
  fi
  use_client_with_plugins
  docker info >/dev/null 2>&1 || start_engine
}

install_engine() {
  say "No Docker engine here. Installing Debian's docker.io, docker-cli, docker-compose, docker-buildx and iptables."
  set -- docker.io docker-cli docker-compose docker-buildx iptables
  if [ "$(os_release VERSION_CODENAME)" = bookworm ]; then
    say "Debian 12 has no compose v2: taking them from trixie, added to /etc/apt at priority 100 (nothing else changes)."
    add_suite trixie
    set -- -t trixie "$@"
  fi
  apt_install "$@" || fail "apt-get could not install: $*" "Its last lines are above; /etc/apt and the network are the places to look."
}

# A `docker` without plugins may come first on the PATH: then a link to the packaged one goes before it.
use_client_with_plugins() {
  if has_plugins docker || ! has_plugins /usr/bin/docker; then
    return 0
  fi
  mkdir -p "$root/.tools/docker"
  ln -sf /usr/bin/docker "$root/.tools/docker/docker"
  PATH=$root/.tools/docker:$PATH
  export PATH
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    say "Starting the Docker engine: systemctl start docker."
    systemctl start docker
  elif dockerd_runs; then
    say "A dockerd is running but does not answer yet; waiting for it."
  else
    # A dockerd that was killed leaves its pid behind, and the next one refuses to start once that pid is in use again.
    rm -f /run/docker.pid
    say "Starting the Docker engine: dockerd, in the background, log in $dockerd_log. It keeps running."
    # shellcheck disable=SC2046
    setsid dockerd $(mtu_options) >>"$dockerd_log" 2>&1 </dev/null 8>&- &
  fi
  wait_until 180 engine_answers || {
    tail -n 20 "$dockerd_log" >&2
    fail "dockerd does not answer after 180 s" "The end of its log ($dockerd_log) is above."
  }
}

dockerd_runs() {
  pid=$(cat /run/docker.pid 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]
}

# Docker's networks assume packets of 1500 bytes. Where the machine's own link takes fewer, downloads in a build hang.
mtu_options() {
  device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  mtu=$(cat "/sys/class/net/$device/mtu" 2>/dev/null) || return 0
  [ "$mtu" -ge 1500 ] ||
    echo "--mtu=$mtu --default-network-opt=bridge=com.docker.network.driver.mtu=$mtu"
}
