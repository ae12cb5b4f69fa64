# shellcheck shell=sh
# Provides systemd-analyze for the test of the unit. Sourced after say.sh and apt.sh.

require_systemd_analyze() {
  ! command -v systemd-analyze >/dev/null || return 0
  is_debian_root || fail "systemd-analyze is not installed" "On Debian and Ubuntu: apt-get install systemd"
  say "Installing systemd, for systemd-analyze. It does not become the init system."
  apt_install systemd || fail "apt-get could not install systemd"
}
