# shellcheck shell=sh
# Provides Python for the tests: packages/prom-multiproc/examples/read_slots.py is written in it. Sourced after say.sh and apt.sh.

require_python() {
  ! command -v python3 >/dev/null || return 0
  is_debian_root || fail "python3 is not installed" \
    "On Debian and Ubuntu: apt-get install python3. On macOS: brew install python3."
  say "Installing python3."
  apt_install python3 || fail "apt-get could not install python3"
}
