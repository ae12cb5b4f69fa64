# shellcheck shell=sh
# Provides Prometheus for the tests of the stack without containers. Sourced after say.sh, apt.sh and host/provide.sh.

# provide_prometheus: ensures that Prometheus 3.5 or later is installed on Debian, and starts no service of it. Elsewhere the stack
# runs without it.
provide_prometheus() {
  find_prometheus
  [ -z "${prometheus:-}" ] || return 0
  is_debian_root || {
    say "Prometheus 3.5 or later is not installed, found ${prometheus_version:-none}: the stack without containers is tested without it."
    return 0
  }
  say "Installing Prometheus from Debian's suite forky."
  # Accepts a mirror whose Release file expired up to 180 days ago (sources.list(5)); signatures are verified in any case.
  add_suite forky "Valid-Until-Min: $((180 * 86400))"
  # For without_services.
  # shellcheck disable=SC2034
  missing=prometheus
  without_services apt_install -t forky prometheus || fail "apt-get could not install prometheus"
  find_prometheus
  [ -n "$prometheus" ] || fail "Prometheus 3.5 or later is required, found ${prometheus_version:-none}" \
    "The suite forky of this machine's Debian archive has no newer one."
}
