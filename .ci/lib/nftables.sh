# shellcheck shell=sh
# Provides nftables and the commands that create network namespaces, for the tests. Sourced after say.sh and apt.sh.

require_nftables() {
  PATH=$PATH:/usr/sbin:/sbin
  export PATH
  missing=
  for nftables_pair in nft:nftables ip:iproute2 unshare:util-linux nsenter:util-linux; do
    command -v "${nftables_pair%:*}" >/dev/null || missing="$missing ${nftables_pair#*:}"
  done
  [ -n "$missing" ] || return 0
  is_debian_root || fail "not installed:$missing" "On Debian and Ubuntu: apt-get install$missing."
  say "Installing$missing."
  # shellcheck disable=SC2086
  apt_install $missing || fail "apt-get could not install$missing"
}
