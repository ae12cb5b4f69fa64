# shellcheck shell=sh
# Operates the app of the running stack. Sourced after say.sh, apt.sh, engine.sh, project.sh, bases.sh, host/directory.sh and deploy/.

: "${root:?must be set to the checkout before this file is sourced}"

# operate ARGUMENT...: runs ctl.js of cluster-runtime with the arguments: in each container of the app, one after the other, or on
# this host.
operate() {
  if host_runs; then
    operate_on_host "$@"
    return
  fi
  use_client_with_plugins
  require_answer
  require_own_project
  put_deploy_right
  containers=$(docker compose ps --quiet app)
  [ -n "$containers" ] || fail "the app is not running" "Start it with scripts/up"
  for container in $containers; do
    docker exec "$container" node packages/cluster-runtime/src/ctl.js "$@" || exit 1
  done
}

# operate_on_host ARGUMENT...: with the environment of the stack, as its user.
operate_on_host() {
  env -i "$root/scripts/lib/host/in-stack" "${host:?find_host sets it}" node "$host/app/packages/cluster-runtime/src/ctl.js" "$@"
}
