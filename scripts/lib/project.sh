# shellcheck shell=sh
# Protects the stacks of other checkouts on this engine. Sourced after say.sh; $root is the checkout.

: "${root:?must be set to the checkout before this file is sourced}"

# require_own_project: sets $project by the rules of compose (COMPOSE_PROJECT_NAME, .env, docker-compose.yml). Fails if
# containers of that project were started from another folder: compose matches by name only and would replace or remove them.
require_own_project() {
  compose_config=$(docker compose config) || fail "compose rejects docker-compose.yml with this environment and .env; its error is above"
  project=$(printf '%s\n' "$compose_config" | sed -n 's/^name: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p')
  own_folder=$(cd "$root" && pwd -P)
  stranger=$(containers_of "label=com.docker.compose.project=$project" --all | while IFS='|' read -r _ folder _; do
    [ "$(physical "$folder")" = "$own_folder" ] || echo "$folder"
  done | head -n 1)
  [ -z "$stranger" ] || fail "the stack $project belongs to another checkout, $stranger; this one is $own_folder" \
    "To run both, set another project name, image tag and ports for this one, in .env or before the command:" \
    "  $(separate_settings)" \
    "To stop the other one: scripts/down in its folder, or docker compose --project-name $project down"
}

# require_free_ports: fails if another container publishes a host port of this stack. Call it after require_own_project.
require_free_ports() {
  for port in $(printf '%s\n' "$compose_config" | sed -n 's/^ *published: "\{0,1\}\([1-9][0-9]*\)"\{0,1\}$/\1/p'); do
    holder=$(containers_of "publish=$port" | grep -v "^$project|" | head -n 1)
    [ -z "$holder" ] || fail "port $port is published by the container ${holder##*|} of $(holder_folder "$holder")" \
      "To run both, set another project name, image tag and ports for this one, in .env or before the command:" \
      "  $(separate_settings)"
  done
}

# containers_of FILTER [OPTION]: prints project|folder|name for each container.
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

# physical FOLDER: prints its path without symlinks. A folder that no longer exists is printed as given.
physical() {
  (cd "$1" 2>/dev/null && pwd -P) || echo "$1"
}

# separate_settings: settings with which a second checkout can run on this engine.
separate_settings() {
  echo "COMPOSE_PROJECT_NAME=$project-2 IMAGE_TAG=2 PUBLIC_PORT=0 METRICS_HOST_PORT=0 PROMETHEUS_PORT=0"
}
