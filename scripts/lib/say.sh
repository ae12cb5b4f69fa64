# shellcheck shell=sh
# Messages of the scripts. They go to stderr, because stdout is the result of a script.

say() {
  printf '%s\n' "$*" >&2
}

# fail WHAT [HINT...]: prints what failed and, on the next lines, what to do; exits with 1.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for hint in "$@"; do
    printf '  %s\n' "$hint" >&2
  done
  exit 1
}

# wait_until SECONDS COMMAND...: repeats the command until it succeeds, and returns 1 after SECONDS seconds.
wait_until() {
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}
