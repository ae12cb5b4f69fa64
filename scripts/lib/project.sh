# shellcheck shell=sh
# The compose project of this checkout, and that it is no other's. Sourced after say.sh; $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

# require_own_project: sets $project, by the rules of compose (COMPOSE_PROJECT_NAME, .env, docker-compose.yml). Fails where
# containers of that project were started from another folder: compose goes by the name alone and would replace or end them.
require_own_project() {
  compose_config=$(docker compose config) || fail "compose does not accept docker-compose.yml with this environment and .env"
  project=$(printf '%s\n' "$compose_config" | sed -n 's/^name: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p')
  own_folder=$(cd "$root" && pwd -P)
  stranger=$(containers_of "label=com.docker.compose.project=$project" --all | while IFS='|' read -r _ folder _; do
    [ "$(physical "$folder")" = "$own_folder" ] || echo "$folder"
  done | head -n 1)
  [ -z "$stranger" ] || fail "the stack $project belongs to another checkout, $stranger; this one is $own_folder" \
    "To run both, give this one a project, images and ports of its own, in .env or before the command:" \
    "  $(apart)" \
    "To end the other one: scripts/down in its folder, or docker compose --project-name $project down"
}

# require_free_ports: fails where another container publishes a host port of this stack. After require_own_project.
require_free_ports() {
  for port in $(printf '%s\n' "$compose_config" | sed -n 's/^ *published: "\{0,1\}\([1-9][0-9]*\)"\{0,1\}$/\1/p'); do
    holder=$(containers_of "publish=$port" | grep -v "^$project|" | head -n 1)
    [ -z "$holder" ] || fail "port $port is published by the container ${holder##*|} of $(holder_folder "$holder")" \
      "To run both, give this one a project, images and ports of its own, in .env or before the command:" \
      "  $(apart)"
  done
}

# containers_of FILTER [OPTION]: project|folder|name of each.
containers_of() {
  filter=$1
  shift
  docker ps "$@" --filter "$filter" --format \
    '{{.Label "com.docker.compose.project"}}|{{.Label "com.docker.compose.project.working_dir"}}|{{.Names}}'
}

holder_folder() {
  folder=${1#*|}
  folder=${folder%|*}
  echo "${folder:-no compose project}"
}

# A folder that is gone is nobody's but its name's.
physical() {
  (cd "$1" 2>/dev/null && pwd -P) || echo "$1"
}

apart() {
  echo "COMPOSE_PROJECT_NAME=$project-2 IMAGE_TAG=2 PUBLIC_PORT=0 METRICS_DOOR_PORT=0 PROMETHEUS_PORT=0"
}
