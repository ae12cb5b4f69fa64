# shellcheck shell=sh
# Starts and ends containers of the app in a deploy. Sourced after say.sh, child.sh and state.sh.

# A container is healthy, or the deploy fails, within this time.
healthy_seconds=180
# A version that dies within this time after it became healthy, or after its first requests, is not deployed. Longer than it takes nginx to
# resolve the address of the new container (valid=1s in nginx/compose.conf).
watch_seconds=3

# replace CONTAINER: by one of the new version. On failure prints the last log lines of the new one and sets $reason.
replace() {
  old_name=$(name_of "$1")
  start_new || return 1
  if become_healthy && stay_healthy; then
    begin_end "$1" "$new"
    join_backend "$new"
    if stay_healthy; then
      in_app "$new" tried remove
      say "Draining $old_name."
      end_container "$1"
      echo "deployed: $(name_of "$new") replaced $old_name"
      return 0
    fi
    cancel_end "$1" "$new"
  fi
  [ -n "$interrupted" ] || docker logs --tail 30 "$new" >&2
  return 1
}

# start_new: starts a new container that is not yet connected to nginx' network. Sets $new to its id.
start_new() {
  running=$(app_containers)
  number=$(($(echo "$running" | wc -l) + 1))
  say "Starting a container of the new version."
  reason="the new container could not be started; the error is above"
  run_child docker compose --progress quiet create --no-recreate --scale "app=$number" app || return 1
  new=$(app_containers | grep -vF "$running") || return 1
  docker network disconnect "$(backend)" "$new" && docker start "$new" >/dev/null || return 1
  # supervisord would restart an app that exits: while it is being tried, the container ends at its first exit. It may have ended already.
  in_app "$new" tried create 2>/dev/null || true
}

backend() {
  docker network ls --quiet --filter "label=com.docker.compose.project=${project:?}" --filter label=com.docker.compose.network=backend
}

# join_backend CONTAINER: connects it to nginx' network, with the aliases that compose sets. nginx then sends requests to it.
join_backend() {
  docker network connect --alias app --alias "$(name_of "$1")" "$(backend)" "$1"
}

is_in_backend() {
  docker inspect --format '{{range .NetworkSettings.Networks}}{{println .NetworkID}}{{end}}' "$1" | grep -q "^$(backend)"
}

name_of() {
  docker inspect --format '{{slice .Name 1}}' "$1"
}

# app_containers: prints the ids, one a line.
app_containers() {
  docker compose ps --all --quiet --no-trunc app
}

# in_app CONTAINER MARK create|remove: a file in RUN_DIRECTORY of the container, see supervisor/run-supervisord.
in_app() {
  # shellcheck disable=SC2016
  case $3 in
    create) docker exec "$1" sh -c ': >"$RUN_DIRECTORY/$0"' "$2" ;;
    remove) docker exec "$1" sh -c 'rm -f "$RUN_DIRECTORY/$0"' "$2" ;;
  esac
}

become_healthy() {
  say "Waiting until it is healthy."
  until_healthy=$(($(date +%s) + healthy_seconds))
  until [ "$(docker inspect --format '{{.State.Health.Status}}' "$new")" = healthy ]; do
    still_starts || return 1
    [ "$(date +%s)" -lt "$until_healthy" ] || {
      reason="the new version is not healthy after $healthy_seconds s: $(docker inspect --format '{{range .State.Health.Log}}{{println .Output}}{{end}}' "$new" | grep . | tail -n 1)"
      return 1
    }
    sleep 0.3
  done
}

# stay_healthy: asks once more at the end, because the engine checks a healthy container only every 30 s.
stay_healthy() {
  say "Watching it for $watch_seconds s."
  until_watched=$(($(date +%s) + watch_seconds))
  while [ "$(date +%s)" -le "$until_watched" ]; do
    still_starts || return 1
    sleep 0.3
  done
  exits=$(docker logs "$new" 2>&1 | grep '"msg":"worker exited; replacing it"' | head -n 1)
  [ -z "$exits" ] || {
    reason="a worker of the new version exited in its first seconds: $exits"
    return 1
  }
  docker exec "$new" python3 -I -S supervisor/check-ready.py 8041 4 >/dev/null 2>&1 || {
    reason="the new version is not ready $watch_seconds s after it was; its last log lines are above"
    return 1
  }
}

# still_starts: sets $reason if the container ended or is unhealthy; 1 also if this command was interrupted.
# shellcheck disable=SC2034
still_starts() {
  [ -z "$interrupted" ] || return 1
  case $(docker inspect --format '{{.State.Status}} {{.RestartCount}} {{.State.Health.Status}}' "$new") in
    'running 0 unhealthy') reason="the new version is unhealthy; its last log lines are above" ;;
    'running 0 '*) return 0 ;;
    *) reason="the new version exited in its first seconds; its last log lines are above" ;;
  esac
  return 1
}

# end_container CONTAINER: drains and removes it, in a session of its own, if there is setsid, so that Ctrl-C does not reach it: the new
# version serves.
end_container() {
  # An app that does not run has nothing to be scraped.
  [ "$(setting FINAL_SCRAPE)" = 0 ] || in_app "$1" final-scrape create 2>/dev/null || true
  $(command -v setsid) docker stop "$1" >/dev/null
  docker rm "$1" >/dev/null
}
