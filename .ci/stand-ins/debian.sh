#!/bin/sh
# debian.sh IMAGE LABEL=VALUE: builds a minimal Debian trixie from this machine's package source and imports it as IMAGE.
# It contains this machine's certificates, because a local proxy may have its own certificate authority.
set -eu
image=$1
label=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/scripts/lib/say.sh"
. "$root/.ci/lib/apt.sh"

command -v debootstrap >/dev/null || apt_install debootstrap || fail "apt-get could not install debootstrap"

tree=$(mktemp -d)
log=$(mktemp)
trap 'rm -rf "$tree" "$log"' EXIT
trap 'exit 130' INT TERM

debootstrap --variant=minbase --include=ca-certificates trixie "$tree" "$(debian_archive)" >"$log" 2>&1 || {
  tail -n 30 "$log" >&2
  fail "debootstrap could not build Debian trixie" "Its last log lines are above."
}
cp /etc/ssl/certs/ca-certificates.crt "$tree/usr/local/share/ca-certificates/host.crt"
chroot "$tree" update-ca-certificates >"$log" 2>&1
rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/* "$tree"/etc/resolv.conf

tar --numeric-owner -C "$tree" -c . | docker import --change 'CMD ["bash"]' --change "LABEL $label" - "$image" >/dev/null
