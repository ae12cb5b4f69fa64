# shellcheck shell=sh
# Provides Python for the tests: packages/prom-multiproc/examples/read_slots.py is written in it, and its package prometheus_client
# has a strict parser of OpenMetrics. Sourced after say.sh and apt.sh.

require_python() {
  ! has_python || return 0
  is_debian_root || fail "python3 with its package prometheus_client is not installed" \
    "On Debian and Ubuntu: apt-get install python3-prometheus-client. On macOS: brew install python3, then python3 -m pip install prometheus-client."
  say "Installing python3 and prometheus_client."
  apt_install python3 python3-prometheus-client || fail "apt-get could not install python3-prometheus-client"
}

# The test looks there, too: python3 may not be Debian's.
has_python() {
  PYTHONPATH=/usr/lib/python3/dist-packages python3 -c 'import prometheus_client' 2>/dev/null
}
