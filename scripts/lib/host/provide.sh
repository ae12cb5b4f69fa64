# shellcheck shell=sh
# Provides the programs of a stack without containers. Sourced after say.sh, apt.sh, npm.sh, node.sh and directory.sh.

# provide_host_programs: as root on Debian or Ubuntu it installs what is missing; elsewhere it fails and says what to install.
provide_host_programs() {
  PATH=$PATH:/usr/sbin:/sbin
  export PATH
  missing=
  need nginx nginx
  need supervisord supervisor
  need npm npm
  need setsid util-linux
  if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; then
    need setpriv util-linux
    need useradd passwd
  fi
  # Not necessary, so it is installed only together with what is.
  [ -z "$missing" ] || [ -n "$(exporter_command)" ] || missing="$missing prometheus-nginx-exporter"
  [ -z "$missing" ] || install_host_packages
  require_node
  find_python
  [ "$(id -u)" != 0 ] || id "${host_user:?}" >/dev/null 2>&1 || add_host_user
}

# need COMMAND PACKAGE
need() {
  command -v "$1" >/dev/null || missing="$missing $2"
}

install_host_packages() {
  # shellcheck disable=SC2086
  missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
  is_apt_root || fail "not installed: $missing" \
    "On Debian and Ubuntu: sudo apt-get install --no-install-recommends $missing" \
    "  and keep the packages' own services from starting: sudo systemctl disable --now nginx supervisor prometheus-nginx-exporter" \
    "On Fedora: sudo dnf install nginx supervisor npm" \
    "On macOS: brew install nginx supervisor util-linux node (each worker then counts on its own: sharing needs Linux)"
  say "Installing packages of $(os_release NAME): $missing"
  say "Their own services are not started: this stack runs nginx and the others itself."
  # shellcheck disable=SC2086
  without_services apt_install $missing || fail "apt-get could not install: $missing" "Its last log lines are above. Check /etc/apt and the network."
}

is_apt_root() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && case " $(os_release ID) $(os_release ID_LIKE) " in
    *' debian '* | *' ubuntu '*) true ;;
    *) false ;;
  esac
}

# without_services COMMAND...: runs the command while packages start no services (policy-rc.d, as invoke-rc.d(8) says), and disables
# the services of $missing, so that they do not start at the next boot either. Packages that were already installed are unchanged.
without_services() {
  policy=/usr/sbin/policy-rc.d
  own_policy=
  if [ ! -e "$policy" ]; then
    own_policy=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  without_status=0
  "$@" || without_status=$?
  [ -z "$own_policy" ] || rm -f "$policy"
  for service in $missing; do
    case $service in nginx | supervisor | prometheus | prometheus-nginx-exporter) ;; *) continue ;; esac
    if command -v systemctl >/dev/null; then
      systemctl disable --quiet "$service" >/dev/null 2>&1 || true
    elif command -v update-rc.d >/dev/null; then
      update-rc.d "$service" disable >/dev/null 2>&1 || true
    fi
  done
  return "$without_status"
}

# find_python: sets $python to the interpreter that has supervisor's modules: that of the command supervisord.
find_python() {
  python=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$(command -v supervisord)")
  case $python in */env) python=$(command -v python3) ;; esac
  "${python:-false}" -c 'import supervisor' 2>/dev/null || fail "no Python interpreter with supervisor's modules: '$python', from $(command -v supervisord)" \
    "Install supervisor from the distribution's packages."
}

add_host_user() {
  say "Adding the user $host_user, as which the stack runs."
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$host_user" ||
    fail "useradd could not add the user $host_user"
}

# exporter_command: prints nginx' exporter, which has another name in Debian than upstream, or nothing.
exporter_command() {
  command -v prometheus-nginx-exporter || command -v nginx-prometheus-exporter || true
}

# find_exporter: sets $exporter to nginx' exporter, or to nothing.
find_exporter() {
  exporter=$(exporter_command)
  [ -n "$exporter" ] || say "No exporter for nginx is installed (prometheus-nginx-exporter): its connections and requests are not measured."
}

# find_prometheus: sets $prometheus to Prometheus 3.5 or later, or to nothing.
find_prometheus() {
  prometheus=$(command -v prometheus || true)
  [ -n "$prometheus" ] || return 0
  prometheus_version=$("$prometheus" --version 2>&1 | sed -n 's/^prometheus, version \([0-9]*\.[0-9]*\).*/\1/p')
  case $prometheus_version in
    '' | [0-2].* | 3.[0-4]) prometheus= ;;
  esac
}
