# shellcheck shell=sh
# The checker of shell scripts. Sourced after say.sh and apt.sh.

require_shellcheck() {
  ! command -v shellcheck >/dev/null || return 0
  is_debian_root || fail "there is no shellcheck here" \
    "Install it: on Debian and Ubuntu apt-get install shellcheck, on macOS brew install shellcheck."
  say "Installing shellcheck."
  apt_install shellcheck || fail "apt-get could not install shellcheck"
}
