# shellcheck shell=sh
# Installs Debian packages. Sourced after say.sh.

is_debian_root() {
  [ "$(id -u)" = 0 ] && [ "$(os_release ID)" = debian ] && command -v apt-get >/dev/null
}

# os_release FIELD: prints a field of /etc/os-release, such as ID or VERSION_CODENAME (os-release(5)).
os_release() {
  # shellcheck disable=SC1091
  (. /etc/os-release 2>/dev/null && eval "printf '%s' \"\${$1:-}\"")
}

# apt_install [OPTION OF apt-get install...] PACKAGE...: installs without prompts; prints the log only on failure.
apt_install() {
  apt_quietly update && apt_quietly install -y --no-install-recommends "$@"
}

apt_quietly() {
  apt_log=$(mktemp)
  apt_status=0
  # TMPDIR: the user _apt writes to it, and on some machines only root can write to /tmp.
  TMPDIR=/var/tmp DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" \
    >"$apt_log" 2>&1 </dev/null || apt_status=$?
  [ "$apt_status" = 0 ] || tail -n 30 "$apt_log" >&2
  rm -f "$apt_log"
  return "$apt_status"
}

# debian_sources: prints label|code name|address for each source of apt.
debian_sources() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(LABEL)|$(CODENAME)|$(REPO_URI)'
}

# debian_archive: prints the address of this machine's Debian archive, which may be a mirror.
debian_archive() {
  debian_sources |
    sed -n "s/^Debian|$(os_release VERSION_CODENAME)|//p" | head -n 1
}

# add_suite SUITE [DEB822 LINE...]: adds another Debian suite at priority 100: packages come from it only with `-t SUITE`.
add_suite() {
  suite=$1
  shift
  ! debian_sources | grep -q "^Debian|$suite|" || return 0
  archive=$(debian_archive)
  [ -n "$archive" ] || fail "/etc/apt has no source of Debian $(os_release VERSION_CODENAME), which is needed for $suite" \
    "Check /etc/apt/sources.list and /etc/apt/sources.list.d."
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$suite" >"/etc/apt/preferences.d/$suite-on-request"
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$archive" "$suite"
    printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
    [ $# = 0 ] || printf '%s\n' "$@"
  } >"/etc/apt/sources.list.d/$suite-on-request.sources"
}
