# shellcheck shell=sh
# Build contexts of further stand-ins. Sourced after stand-ins.sh; any change of that file would make all stand-ins out of date.

add_alertmanager_context() {
  add_forky "$1"
}

add_caddy_context() {
  add_forky "$1"
}
