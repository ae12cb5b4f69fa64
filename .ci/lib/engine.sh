# shellcheck shell=sh
# Provides a Docker engine with compose and buildx. Sourced after say.sh and apt.sh; $root is the checkout.

: "${root:?must be set to the checkout before this file is sourced}"

dockerd_log=/var/log/dockerd.log

# require_engine: ensures that `docker`, compose and buildx work. A working engine is used unchanged; otherwise, as root on Debian 12
# or 13, it is installed and started.
require_engine() {
  use_client_with_plugins
  engine_answers && return
  engine_can_be_provided || fail "no working Docker engine with compose and buildx: $(engine_complaint)" \
    "Install Docker Engine 24 or later with its compose and buildx plugins, start it," \
    "and check that \`docker info\`, \`docker compose version\` and \`docker buildx version\` work as this user." \
    "(As root on Debian 12 or 13, this script installs and starts them itself.)" \
    "Without Docker: ./scripts/up --host runs the same stack on this machine; ./scripts/smoke --host checks it."
  # If two scripts run at the same time, the second waits for the first to start the engine.
  exec 8>/run/pandoras-express-engine.lock
  flock 8
  provide_engine
  exec 8>&-
  engine_answers || fail "the Docker engine does not respond: $(engine_complaint)" "Its log: $dockerd_log."
}

engine_answers() {
  docker info >/dev/null 2>&1 && has_plugins docker
}

# has_plugins CLIENT: remembers the clients that have them, because each answer takes half a second.
has_plugins() {
  client=$(command -v "$1") || return 1
  case " ${with_plugins:-} " in *" $client "*) return 0 ;; esac
  "$client" compose version >/dev/null 2>&1 && "$client" buildx version >/dev/null 2>&1 && with_plugins="${with_plugins:-} $client"
}

# require_answer: fails with the error of Docker unless `docker`, compose and buildx work. It installs and starts nothing.
require_answer() {
  engine_answers || fail "no working Docker engine with compose and buildx: $(engine_complaint)" \
    "Check that \`docker info\`, \`docker compose version\` and \`docker buildx version\` work as this user."
}

# engine_is_stopped: whether it is certain that no engine runs. It is not if DOCKER_HOST, DOCKER_CONTEXT or a context may select another
# engine, or if the engine denies access, because it then runs.
engine_is_stopped() {
  [ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] || return 1
  ! dockerd_runs || return 1
  command -v docker >/dev/null || return 0
  ! engine_error=$(docker info 2>&1 >/dev/null) || return 1
  # Docker 29 changed the message.
  case $engine_error in
    *'ermission denied'*) return 1 ;;
    *'Cannot connect to the Docker daemon at unix://'* | *'failed to connect to the docker API at unix://'*) return 0 ;;
    *) return 1 ;;
  esac
}

# engine_complaint: prints the last line of the first command that fails.
engine_complaint() {
  for part in info 'compose version' 'buildx version'; do
    # shellcheck disable=SC2086
    complaint=$(docker $part 2>&1 >/dev/null) || {
      printf '%s\n' "$complaint" | tail -n 1
      return
    }
  done
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
  say "No Docker engine found. Installing Debian's docker.io, docker-cli, docker-compose, docker-buildx and iptables."
  set -- docker.io docker-cli docker-compose docker-buildx iptables
  if [ "$(os_release VERSION_CODENAME)" = bookworm ]; then
    say "Debian 12 has no compose v2. Installing these packages from trixie, which is added to /etc/apt at priority 100."
    add_suite trixie
    set -- -t trixie "$@"
  fi
  apt_install "$@" || fail "apt-get could not install: $*" "Its last log lines are above. Check /etc/apt and the network."
}

# use_client_with_plugins: if the first `docker` on the PATH lacks the plugins and /usr/bin/docker has them, puts a link to
# /usr/bin/docker first on the PATH.
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
    dockerd_log='journalctl -u docker'
    systemctl start docker
  elif dockerd_runs; then
    say "dockerd is running but does not respond yet; waiting."
  else
    # A killed dockerd leaves its pid file; the next one refuses to start if another process has that pid.
    rm -f /run/docker.pid
    say "Starting the Docker engine in the background: dockerd, log in $dockerd_log. It keeps running."
    # shellcheck disable=SC2046
    setsid dockerd $(mtu_options) >>"$dockerd_log" 2>&1 </dev/null 8>&- &
  fi
  wait_until 180 engine_answers || {
    [ ! -f "$dockerd_log" ] || tail -n 20 "$dockerd_log" >&2
    fail "dockerd does not respond after 180 s" "Its log: $dockerd_log."
  }
}

dockerd_runs() {
  pid=$(cat /run/docker.pid 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]
}

# mtu_options: Docker's networks use an MTU of 1500 bytes. If the machine's link has a smaller one, downloads in builds hang.
mtu_options() {
  device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  mtu=$(cat "/sys/class/net/$device/mtu" 2>/dev/null) || return 0
  [ "$mtu" -ge 1500 ] ||
    echo "--mtu=$mtu --default-network-opt=bridge=com.docker.network.driver.mtu=$mtu"
}
