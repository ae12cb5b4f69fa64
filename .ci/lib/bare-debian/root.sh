# shellcheck shell=sh
# A bare Debian root, started in namespaces of its own: processes, mounts, host name, network, control groups. Sourced after say.sh and
# apt.sh; $root is the checkout, $suite the Debian suite.

: "${root:?must be set to the checkout before this file is sourced}"
: "${suite:?must be set to the Debian suite before this file is sourced}"

# Pids of the first process of the root, of its parent and of slirp4netns.
init=
starter=
network=
# What a reader of the README has: a shell, certificates, curl and git. With systemd, the packages of an ordinary installation that matter.
root_packages=ca-certificates,curl,git,iproute2
systemd_packages=systemd-sysv,dbus,libpam-systemd

require_namespaces() {
  [ "$(id -u)" = 0 ] || fail "a bare root needs root, to change its root directory" "Run it as root on Debian."
  missing=
  for pair in debootstrap:debootstrap slirp4netns:slirp4netns unshare:util-linux setpriv:util-linux; do
    command -v "${pair%:*}" >/dev/null || missing="$missing ${pair#*:}"
  done
  [ -c /dev/net/tun ] || fail "there is no /dev/net/tun, which slirp4netns needs for the network of the root" "Load it: modprobe tun"
  [ -n "$missing" ] || return 0
  is_debian_root || fail "not installed:$missing" "On Debian and Ubuntu: apt-get install$missing"
  say "Installing$missing."
  # shellcheck disable=SC2086
  apt_install $missing || fail "apt-get could not install$missing"
}

# unpack_root DIRECTORY [systemd]: fills the directory with Debian, and keeps an archive of it for the next time.
unpack_root() {
  archive=$root/.tools/bare-debian/$suite${2:+-$2}.tar
  [ -f "$archive" ] || make_archive "${2:-}"
  tar --numeric-owner -C "$1" -xf "$archive"
  # Every user may enter the root directory; mktemp made it private.
  chmod 755 "$1"
  cp /etc/ssl/certs/ca-certificates.crt "$1/usr/local/share/ca-certificates/machine.crt"
  chroot "$1" update-ca-certificates >/dev/null 2>&1
  # A root that is removed again needs no synchronous writes: dpkg(1).
  echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
  # The name server that slirp4netns provides.
  rm -f "$1/etc/resolv.conf"
  echo 'nameserver 10.0.2.3' >"$1/etc/resolv.conf"
  echo "127.0.0.1 localhost ${1##*/}" >"$1/etc/hosts"
}

make_archive() {
  say "Making a root of Debian $suite with debootstrap."
  packages=$root_packages${1:+,$systemd_packages}
  new=$(mktemp -d)
  log=$new.log
  debootstrap --variant=minbase --include="$packages" "$suite" "$new" "$(debian_archive)" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "debootstrap could not make Debian $suite" "Its last log lines are above."
  }
  rm -rf "$new"/var/cache/apt/archives/*.deb
  mkdir -p "$root/.tools/bare-debian"
  tar --numeric-owner -C "$new" -cf "$archive.new" .
  mv "$archive.new" "$archive"
  rm -rf "$new" "$log"
}

# start_root DIRECTORY COMMAND...: starts the command as the first process of the root, and sets $init to its pid.
start_root() {
  tree=$1
  shift
  group=pandoras-express-${tree##*/}
  # The process that starts the root is in these control groups, so they are the uppermost ones that the root sees.
  (
    for hierarchy in $(root_hierarchies); do
      mkdir -p "$hierarchy/$group"
      echo 0 >"$hierarchy/$group/cgroup.procs"
    done
    exec setsid env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb container=bare-debian \
      unshare --mount --uts --ipc --pid --net --cgroup --fork --kill-child "$root/.ci/lib/bare-debian/enter" "$tree" "$@"
  ) </dev/null >"$tree.log" 2>&1 &
  starter=$!
  wait_until 30 find_init || fail "the root did not start: $(cat "$tree.log")"
  slirp4netns --configure --mtu=1400 --disable-host-loopback --ready-fd=9 "$init" tap0 9>"$tree.network" >>"$tree.log" 2>&1 &
  network=$!
  wait_until 30 test -s "$tree.network" || fail "the root has no network: $(cat "$tree.log")"
}

# find_init: sets $init when the first process has changed its root directory.
find_init() {
  init=$(cat "/proc/$starter/task/$starter/children" 2>/dev/null)
  init=${init% }
  [ -n "$init" ] && [ -d "/proc/$init/root/proc" ] && [ ! -e "/proc/$init/root$tree" ]
}

root_hierarchies() {
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    echo /sys/fs/cgroup
  else
    for hierarchy in unified systemd memory pids cpu cpuacct devices; do
      [ ! -d "/sys/fs/cgroup/$hierarchy" ] || echo "/sys/fs/cgroup/$hierarchy"
    done
  fi
}

# stop_root SECONDS: ends all processes of the root. systemd as its first process has SECONDS to stop its units in order.
stop_root() {
  [ -n "${init:-}" ] || return 0
  # systemd(1): SIGRTMIN+4 is poweroff.target.
  [ "$1" = 0 ] || kill -s 38 "$init" 2>/dev/null || true
  wait_until "$1" root_has_ended || kill -s KILL "$init" 2>/dev/null || true
  [ -z "$network" ] || kill "$network" 2>/dev/null || true
  wait 2>/dev/null || true
  init=
}

root_has_ended() {
  ! kill -0 "$init" 2>/dev/null
}

remove_root() {
  wait_until 20 remove_groups || say "warning: control groups of the root are left: /sys/fs/cgroup/*/$group"
  rm -rf --one-file-system "$tree" "$tree.log" "$tree.network"
}

# remove_groups: removes the control groups of the root. The last processes may still be ending.
remove_groups() {
  groups_left=
  for hierarchy in $(root_hierarchies); do
    [ ! -d "$hierarchy/$group" ] || find "$hierarchy/$group" -depth -type d -exec rmdir {} \; 2>/dev/null || groups_left=1
    [ ! -d "$hierarchy/$group" ] || groups_left=1
  done
  [ -z "$groups_left" ]
}
