# shellcheck shell=sh
# Steps that are run one after the other whatever becomes of them, and what they add up to. Sourced after say.sh.

: "${root:?is the checkout, set before this is sourced}"

step_seconds=3600

passed=0
failed=0
reports=$root/reports
running=
interrupted=
failed_steps=

# step NAME COUNTER COMMAND...: runs the command and adds what it counted to the tally.
# COUNTER is the name of a function that prints PASSED FAILED SKIPPED, by the command's report or its exit status.
step() {
  name=$1
  counter=$2
  shift 2
  printf '\n== %s\n' "$name"
  began=$(date +%s)
  status=0
  with_deadline "$@" </dev/null &
  running=$!
  wait_for_running || status=$?
  running=
  # shellcheck disable=SC2046
  tally "$status" $("$counter" "$status")
  printf -- '-- %s: %s, %s s\n' "$name" "$counted" "$(($(date +%s) - began))"
  [ "$step_failed" = 0 ] || failed_steps="$failed_steps, $name"
  [ -z "$interrupted" ] || end_of_steps
}

# set_up NAME COMMAND...: what the steps stand on. It counts only when it fails.
set_up() {
  printf '\n== %s\n' "$1"
  began=$(date +%s)
  if (shift && "$@") </dev/null; then
    printf -- '-- %s: in place, %s s\n' "$1" "$(($(date +%s) - began))"
  else
    printf -- '-- %s: failed\n' "$1"
    failed=$((failed + 1))
    failed_steps="$failed_steps, $1"
  fi
  [ -z "$interrupted" ] || end_of_steps
}

# end_of_steps: says what took long, and what it comes to, alone on the last line, and exits. Nothing counted is a failure.
end_of_steps() {
  [ -z "$interrupted" ] || [ "$failed" != 0 ] || failed=1
  printf '\n== the ten slowest test files\n'
  node "$root/scripts/lib/slowest.ts" "$reports" || true
  printf '\n'
  [ -z "$failed_steps" ] || printf 'failed: %s\n' "${failed_steps#, }"
  [ -z "$interrupted" ] || printf 'interrupted\n'
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ -z "$interrupted" ] || exit "$interrupted"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1
  exit 0
}

# A step that hangs is ended like one that is interrupted, so that the run still comes to its last line.
with_deadline() {
  if command -v timeout >/dev/null; then
    exec timeout --foreground --signal=INT --kill-after=60 "$step_seconds" "$@"
  fi
  exec "$@"
}

# tally STATUS PASSED FAILED SKIPPED. A step that failed without saying which test, or that counted nothing, is itself
# one failure.
tally() {
  step_passed=${2:-0}
  step_failed=${3:-0}
  if [ "$step_failed" = 0 ] && { [ "$1" != 0 ] || [ "$step_passed" = 0 ]; }; then
    step_failed=1
  fi
  counted="$step_passed passed, $step_failed failed"
  [ "${4:-0}" = 0 ] || counted="$counted, $4 skipped"
  passed=$((passed + step_passed))
  failed=$((failed + step_failed))
}

# `wait` also returns when a signal arrives: then the step is still to end.
wait_for_running() {
  while :; do
    wait_status=0
    wait "$running" || wait_status=$?
    kill -0 "$running" 2>/dev/null || return "$wait_status"
  done
}

# A signal to the run ends the step that is running, which takes down what it started, and then the run.
end_steps_on_signals() {
  # From a terminal, Ctrl-C reaches the step by itself.
  trap 'interrupted=130' INT
  trap 'interrupted=143; [ -z "$running" ] || kill -INT "$running"' TERM
}

one_check() {
  if [ "$1" = 0 ]; then echo 1 0; else echo 0 1; fi
}

# What is locked, and what the registry knows of it; a registry without an audit service has not said anything.
audit_check() {
  if [ "$1" != 0 ]; then echo 0 1; elif [ -e "${NOT_AUDITED:?}" ]; then echo 1 0 1; else echo 2 0; fi
}

# The summary at the end of the TAP report `$tap`; what the tests themselves print stands before it.
node_tests() {
  echo "$(tap_total pass)" "$(($(tap_total fail) + $(tap_total cancelled)))" "$(($(tap_total skipped) + $(tap_total todo)))"
}

tap_total() {
  total=$(tail -n 20 "${tap:?is the report of the step}" 2>/dev/null | sed -n "s/^# $1 \([0-9]*\)\$/\1/p" | tail -n 1)
  echo "${total:-0}"
}

# The report of Playwright that it was told to write to PLAYWRIGHT_JSON_OUTPUT_FILE.
playwright_tests() {
  [ -s "${PLAYWRIGHT_JSON_OUTPUT_FILE:?is the report of the step}" ] || return 0
  node -p 'const s = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).stats;
    [s.expected, s.unexpected + s.flaky, s.skipped].join(" ")' "$PLAYWRIGHT_JSON_OUTPUT_FILE"
}
