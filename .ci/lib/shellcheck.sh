# shellcheck shell=sh
# Provides shellcheck. Sourced after say.sh and apt.sh.

require_shellcheck() {
  ! command -v shellcheck >/dev/null || return 0
  is_debian_root || fail "shellcheck is not installed" \
    "On Debian and Ubuntu: apt-get install shellcheck. On macOS: brew install shellcheck."
  say "Installing shellcheck."
  apt_install shellcheck || fail "apt-get could not install shellcheck"
}
