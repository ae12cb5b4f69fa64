# shellcheck shell=sh
# Python, for the tests only: a second reader of the slot files is written in it. Sourced after say.sh and apt.sh.

require_python() {
  ! command -v python3 >/dev/null || return 0
  is_debian_root || fail "there is no python3 here" \
    "Install it: on Debian and Ubuntu apt-get install python3, on macOS brew install python3."
  say "Installing python3."
  apt_install python3 || fail "apt-get could not install python3"
}
