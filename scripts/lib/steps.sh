# shellcheck shell=sh
# Runs steps one after the other, also after a failure, and adds up their results. Sourced after say.sh.

: "${root:?must be set to the checkout before this file is sourced}"
. "$root/scripts/lib/child.sh"

step_seconds=3600

passed=0
failed=0
reports=$root/reports
running=
beside=
interrupted=
failed_steps=
results=
newline='
'

# step NAME COUNTER COMMAND...: runs the command and adds its results to the totals. COUNTER is a function that prints PASSED
# FAILED SKIPPED; it gets the exit status as its argument.
step() {
  name=$1
  counter=$2
  shift 2
  printf '\n== %s\n' "$name"
  began=$(date +%s)
  status=0
  with_deadline "$@" </dev/null &
  running=$!
  wait_for "$running" || status=$?
  running=
  # shellcheck disable=SC2046
  tally "$status" $("$counter" "$status")
  result="$name: $counted, $(($(date +%s) - began)) s"
  printf -- '-- %s\n' "$result"
  results="$results  $result$newline"
  [ "$step_failed" = 0 ] || failed_steps="$failed_steps, $name"
  [ -z "$interrupted" ] || end_of_steps
}

# set_up NAME COMMAND...: runs a preparation of the steps. Only a failure is counted.
set_up() {
  printf '\n== %s\n' "$1"
  began=$(date +%s)
  if (shift && "$@") </dev/null; then
    printf -- '-- %s: ready, %s s\n' "$1" "$(($(date +%s) - began))"
  else
    printf -- '-- %s: failed\n' "$1"
    failed=$((failed + 1))
    failed_steps="$failed_steps, $1"
  fi
  [ -z "$interrupted" ] || end_of_steps
}

# begin_set_up COMMAND...: starts a preparation in the background. end_set_up NAME waits for it and prints its output.
begin_set_up() {
  "$@" >"$reports/set-up.log" 2>&1 </dev/null &
  beside=$!
}

end_set_up() {
  set_up_status=0
  wait_for "$beside" || set_up_status=$?
  beside=
  set_up "$1" show_set_up
}

# Called by set_up.
# shellcheck disable=SC2317
show_set_up() {
  cat "$reports/set-up.log"
  return "$set_up_status"
}

# end_of_steps: prints each step again, the slowest test files, the failed tests and, on the last line, the totals; exits with 1 if
# anything failed or nothing passed.
end_of_steps() {
  [ -z "$interrupted" ] || [ "$failed" != 0 ] || failed=1
  [ -z "$beside" ] || kill -TERM "$beside" 2>/dev/null || true
  printf '\n== all steps\n%s' "$results"
  printf '\n== the ten slowest test files\n'
  node "$root/scripts/lib/slowest.ts" "$reports" || true
  node "$root/scripts/lib/failed-tests.ts" "$reports" || true
  printf '\n'
  [ -z "$failed_steps" ] || printf 'failed: %s\n' "${failed_steps#, }"
  [ -z "$interrupted" ] || printf 'interrupted\n'
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ -z "$interrupted" ] || exit "$interrupted"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1
  exit 0
}

# with_deadline COMMAND...: interrupts a step that hangs, so the run still prints its totals.
with_deadline() {
  if command -v timeout >/dev/null; then
    exec timeout --foreground --signal=INT --kill-after=60 "$step_seconds" "$@"
  fi
  exec "$@"
}

# tally STATUS PASSED FAILED SKIPPED: adds up one step. A step that fails without a failed test, or passes no test, counts as one
# failure.
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

# end_steps_on_signals: on SIGINT or SIGTERM the running step is interrupted and cleans up, then the run ends.
end_steps_on_signals() {
  # Ctrl-C in a terminal also reaches the step; SIGTERM does not.
  trap 'interrupted=130' INT
  trap 'interrupted=143; [ -z "$running" ] || kill -INT "$running"' TERM
}

one_check() {
  if [ "$1" = 0 ]; then echo 1 0; else echo 0 1; fi
}

# audit_check STATUS: two checks, hashes and vulnerabilities. The second is skipped if the registry has no audit service.
audit_check() {
  if [ "$1" != 0 ]; then echo 0 1; elif [ -e "${NOT_AUDITED:?}" ]; then echo 1 0 1; else echo 2 0; fi
}

# node_tests STATUS: reads the summary at the end of the TAP report $tap.
node_tests() {
  echo "$(tap_total pass)" "$(($(tap_total fail) + $(tap_total cancelled)))" "$(($(tap_total skipped) + $(tap_total todo)))"
}

tap_total() {
  total=$(tail -n 20 "${tap:?must be the report of the step}" 2>/dev/null | sed -n "s/^# $1 \([0-9]*\)\$/\1/p" | tail -n 1)
  echo "${total:-0}"
}

# playwright_tests STATUS: reads Playwright's report in $PLAYWRIGHT_JSON_OUTPUT_FILE.
playwright_tests() {
  [ -s "${PLAYWRIGHT_JSON_OUTPUT_FILE:?must be the report of the step}" ] || return 0
  node -p 'const s = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).stats;
    [s.expected, s.unexpected + s.flaky, s.skipped].join(" ")' "$PLAYWRIGHT_JSON_OUTPUT_FILE"
}
