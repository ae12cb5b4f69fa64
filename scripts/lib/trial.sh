# shellcheck shell=sh
# The trial: a new build runs beside the running stack before any container of the stack is replaced. Sourced after say.sh; $root is
# the checkout, $project its compose project.

: "${root:?must be set to the checkout before this file is sourced}"

# write_trial FILE: writes the compose configuration of the trial. It is a separate project ($trial) with its own images, networks
# and volumes, without published ports, container names, restarts, remote write and messages of alerts.
write_trial() {
  trial=${project:?}-trial
  IMAGE_TAG=$trial REMOTE_WRITE_URL='' PROMETHEUS_AGENT='' END_AT_FIRST_FAILURE=1 \
    docker compose --project-name "$trial" config >"$1.all" || return 1
  # compose indents the keys of a service by four spaces, and values on lines of their own by six.
  awk '
    /^      ACTIVE_PROFILES:/ { next }
    !/^      / { left_out = /^    (ports|restart|container_name):/ }
    !left_out
  ' "$1.all" >"$1"
}

# remove_trial: removes containers, volumes and images of the trial, also those that a killed run left.
remove_trial() {
  trial=${project:?}-trial
  [ -z "$(docker ps --all --quiet --filter "label=com.docker.compose.project=$trial")" ] ||
    $(command -v setsid) docker compose --progress quiet --project-name "$trial" down --volumes --remove-orphans --timeout 5
  trial_images=$(docker images --format '{{.Repository}}:{{.Tag}}' | grep ":$trial\$") || return 0
  # shellcheck disable=SC2086
  docker image rm $trial_images >/dev/null
}
