# shellcheck shell=sh
# Waits for child processes while traps run. Sourced by scripts that clean up after a signal.

# run_child COMMAND...: runs it in the background and waits, so that the traps of this script run at once. Meanwhile $child is its pid.
run_child() {
  "$@" &
  child=$!
  wait_for "$child"
}

# wait_for PID: `wait` also returns when a trap runs, so it is repeated until the process has exited.
wait_for() {
  while :; do
    child_status=0
    wait "$1" || child_status=$?
    kill -0 "$1" 2>/dev/null || break
  done
  child=
  return "$child_status"
}
