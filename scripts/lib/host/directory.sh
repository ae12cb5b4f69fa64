# shellcheck shell=sh
# The directory of a stack without containers. Everything that the stack writes is below it. Sourced after say.sh; $root is the
# checkout.
#
#   app -> builds/N   the application, the configuration and the settings, as assemble.ts writes them
#   bin/node          Node
#   stack.env         ports, paths and user
#   run/              files of this run: metrics, sockets, pid files, temporary files of nginx
#   log/              one log for each program, rotated by supervisord
#   prometheus-data/  samples

: "${root:?must be set to the checkout before this file is sourced}"

host_user=pandoras-express
# supervisord binds run/supervisor.sock.PID, and unix(7) allows 107 characters. A trial has the suffix below.
host_path_limit=70
host_trial=.trial

# find_host: sets $host to the directory: HOST_DIRECTORY; where the link .host in the checkout points; for root a directory below
# /var/lib, because other users may not be able to read the checkout; otherwise .host in the checkout.
find_host() {
  host_checkout=$(cd "$root" && pwd -P)
  if [ -n "${HOST_DIRECTORY:-}" ]; then
    host=$HOST_DIRECTORY
  elif [ -L "$root/.host" ]; then
    host=$(readlink "$root/.host")
  elif [ "$(id -u)" = 0 ]; then
    host=/var/lib/$host_user/$(printf '%s' "${host_checkout#/}" | tr / -)
  else
    host=$host_checkout/.host
  fi
  case $host in
    *[!A-Za-z0-9/._+@-]*) refuse_host "contains a character other than A-Z a-z 0-9 / . _ + @ -" ;;
    /*) ;;
    *) refuse_host "is not an absolute path" ;;
  esac
  [ ! -d "$host" ] || host=$(cd "$host" && pwd -P)
  checked=${host%"$host_trial"}
  [ "${#checked}" -le "$host_path_limit" ] || refuse_host "is longer than $host_path_limit characters, so paths of sockets would be too long"
}

refuse_host() {
  fail "the directory of the stack, $host, $1" "Set another one: HOST_DIRECTORY=/path ./scripts/up --host"
}

# claim_host: creates the directory for this checkout. Fails if another checkout uses it.
claim_host() {
  mkdir -p "$host" || fail "cannot create $host" "Set another directory: HOST_DIRECTORY=/path ./scripts/up --host"
  host=$(cd "$host" && pwd -P)
  owner=$(cat "$host/checkout" 2>/dev/null || echo "$host_checkout")
  [ "$owner" = "$host_checkout" ] || [ ! -d "$owner" ] || fail "$host belongs to another checkout, $owner" \
    "Set another directory: HOST_DIRECTORY=/path ./scripts/up --host"
  printf '%s\n' "$host_checkout" >"$host/checkout"
}

# host_variable NAME: prints a variable of stack.env.
host_variable() {
  sed -n "s/^$1=\"\(.*\)\"\$/\1/p" "$host/stack.env" 2>/dev/null
}

# host_main: prints the pid of run-supervisord, which is also the id of its session, if that or a program of it still runs.
host_main() {
  host_main_pid=$(cat "$(host_variable RUN_DIRECTORY)/main.pid" 2>/dev/null) || return 1
  [ -n "$(host_processes)" ] || return 1
  printf '%s\n' "$host_main_pid"
}

# host_processes: prints the pids of the session $host_main_pid that run in $host. The kernel does not reuse the id of a session that
# has processes; the directory excludes a session that got the id later.
host_processes() {
  if [ ! -d /proc/self ]; then
    ! kill -0 "$host_main_pid" 2>/dev/null || printf '%s\n' "$host_main_pid"
    return
  fi
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v id="$host_main_pid" '
    { pid = $1; sub(/^[0-9]+ \(.*\) /, ""); if ($4 == id && $1 != "Z") print pid }' | while read -r host_pid; do
    case $(readlink "/proc/$host_pid/cwd" 2>/dev/null) in
      "$host" | "$host"/*) printf '%s\n' "$host_pid" ;;
    esac
  done
}

# host_runs: whether the stack of this directory runs.
host_runs() {
  find_host
  [ -f "$host/stack.env" ] && host_main >/dev/null
}
