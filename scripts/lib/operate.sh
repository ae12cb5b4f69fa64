# shellcheck shell=sh
# Operates the app of the running stack. Sourced after say.sh, apt.sh, engine.sh and project.sh.

# operate ARGUMENT...: runs ctl.js of cluster-runtime with the arguments in each container of the app, one after the other.
operate() {
  use_client_with_plugins
  require_answer
  require_own_project
  containers=$(docker compose ps --quiet app)
  [ -n "$containers" ] || fail "the app is not running" "Start it with scripts/up"
  for container in $containers; do
    docker exec "$container" node packages/cluster-runtime/src/ctl.js "$@" || exit 1
  done
}
