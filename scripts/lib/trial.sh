# shellcheck shell=sh
# A new build, started once beside the running stack before anything of that is replaced. Sourced after say.sh; $root is the
# checkout, $project its compose project.

: "${root:?is the checkout, set before this is sourced}"

# write_trial FILE: what compose makes of this checkout, as a project of its own ($trial) with images, network and volumes of its
# own. No port is published, no name given to a container and nothing written to a hosted Prometheus; what fails is not
# started again.
write_trial() {
  trial=${project:?}-trial
  IMAGE_TAG=$trial REMOTE_WRITE_URL='' END_AT_FIRST_FAILURE=1 \
    docker compose --project-name "$trial" config >"$1.all" || return 1
  # compose prints the keys of a service with four spaces before them, and their values on the same line or with six.
  awk '
    !/^      / { left_out = /^    (ports|restart|container_name):/ }
    !left_out
  ' "$1.all" >"$1"
}

# remove_trial: what one left, also one of an earlier run that was killed.
remove_trial() {
  trial=${project:?}-trial
  [ -z "$(docker ps --all --quiet --filter "label=com.docker.compose.project=$trial")" ] ||
    $(command -v setsid) docker compose --progress quiet --project-name "$trial" down --volumes --remove-orphans --timeout 5
  trial_images=$(docker images --format '{{.Repository}}:{{.Tag}}' | grep ":$trial\$") || return 0
  # shellcheck disable=SC2086
  docker image rm $trial_images >/dev/null
}
