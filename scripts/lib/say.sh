# shellcheck shell=sh
# How the scripts speak: to stderr, so that a script's stdout stays its result.

say() {
  printf '%s\n' "$*" >&2
}

# fail WHAT HINT...: what went wrong on the first line, what to do about it on the following ones.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for hint in "$@"; do
    printf '  %s\n' "$hint" >&2
  done
  exit 1
}

# wait_until SECONDS COMMAND...: 1 when the command still fails after so many seconds.
wait_until() {
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}
