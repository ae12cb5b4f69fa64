# shellcheck shell=sh
# Stops a stack without containers. Sourced after say.sh and directory.sh.

# Longest time until supervisord has stopped its programs: more than the sum of stopwaitsecs of app, nginx and Prometheus.
host_stop_seconds=65

# stop_host: stops the stack in $host as supervisord does. Kills what is left of it, such as programs of a supervisord that was killed.
stop_host() {
  # Prometheus ends too. There is no such directory if nothing runs.
  touch "$(host_variable RUN_DIRECTORY)/no-final-scrape" 2>/dev/null || true
  stopped_unit=$(host_variable UNIT)
  if [ -n "$stopped_unit" ]; then
    systemctl stop "$stopped_unit" || fail "systemctl could not stop $stopped_unit" "Its log: journalctl --unit $stopped_unit"
    return 0
  fi
  host_main_pid=$(host_main) || return 0
  host_supervisord=$(cat "$(host_variable RUN_DIRECTORY)/supervisord.pid" 2>/dev/null || true)
  for stopped in "$host_main_pid" "$host_supervisord"; do
    # The second one has no parent that would pass the signal on, if run-supervisord was killed.
    ! host_processes | grep -qx "$stopped" || {
      kill -s TERM "$stopped"
      break
    }
  done
  wait_until "$host_stop_seconds" host_has_ended || true
  wait_until 10 nothing_is_left || fail "these processes of the stack do not end: $(host_processes | tr '\n' ' ')"
  rm -f "$(host_variable RUN_DIRECTORY)/main.pid"
}

# nothing_is_left: kills what is left. To be repeated, because a process may create another one before it is killed.
nothing_is_left() {
  left=$(host_processes)
  [ -n "$left" ] || return 0
  # shellcheck disable=SC2086
  kill -s KILL $left 2>/dev/null || true
  return 1
}

# host_has_ended: also true if supervisord was killed, because its programs then get no signal.
host_has_ended() {
  running=$(host_processes)
  [ -n "$running" ] || return 0
  ! printf '%s\n' "$running" | grep -qxE "$host_main_pid|${host_supervisord:-none}"
}
