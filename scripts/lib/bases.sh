# shellcheck shell=sh
# The base images of the Dockerfiles. Each Dockerfile names the official image in its stage `official`; a build argument, which
# docker-compose.yml sets from the environment, selects another one. $root is the checkout.

: "${root:?must be set to the checkout before this file is sourced}"

# bases [FOLDER...]: prints ARGUMENT|OFFICIAL IMAGE|FOLDER for the Dockerfile of each folder; by default for all, Grafana,
# Alertmanager and Caddy only if their profiles are active.
bases() {
  if [ $# = 0 ]; then
    set -- demo-app nginx nginx/exporter prometheus
    for folder in grafana alertmanager; do
      ! has_profile "$folder" || set -- "$@" "$folder"
    done
    ! has_profile tls || set -- "$@" caddy
  fi
  for folder in "$@"; do
    [ -f "$root/$folder/Dockerfile" ] || fail "no Dockerfile in $root/$folder"
    awk -v folder="$folder" '
      { sub(/\r$/, "") }
      /^ARG [A-Z_]+_BASE=official$/ { argument = substr($2, 1, index($2, "=") - 1) }
      /^FROM [^ ]+ AS official$/ { print argument "|" $2 "|" folder }
    ' "$root/$folder/Dockerfile"
  done
}

# has_profile NAME: whether the profile of compose is active.
has_profile() {
  case ",$(setting COMPOSE_PROFILES)," in
    *,"$1",* | *,\*,*) true ;;
    *) false ;;
  esac
}

# setting NAME: prints its value as compose reads it: from the environment, otherwise from .env.
setting() {
  eval "setting=\${$1-}"
  [ -n "$setting" ] || [ ! -f "$root/.env" ] ||
    setting=$(sed -n "s/^ *\(export *\)\{0,1\}$1 *= *[\"']\{0,1\}\([^\"' #]*\).*/\2/p" "$root/.env" | tail -n 1)
  printf '%s' "$setting"
}

# use_bases FILE: exports the output of .ci/base-images for the builds that follow.
use_bases() {
  while IFS= read -r base; do
    # shellcheck disable=SC2163
    export "$base"
  done <"$1"
}

# choose_bases [OPTION...]: runs .ci/base-images with the options and exports its output. Needs child.sh.
choose_bases() {
  bases_file=$(mktemp)
  chosen=0
  run_child "$root/.ci/base-images" "$@" >"$bases_file" || chosen=$?
  [ "$chosen" != 0 ] || use_bases "$bases_file"
  rm -f "$bases_file"
  return "$chosen"
}

# base_of FOLDER: prints the base image in use for its Dockerfile; pulls or builds it if it is missing.
base_of() {
  base=$("$root/.ci/base-images" "$1") || exit 1
  case $base in
    *=official) bases "$1" | cut -d '|' -f 2 ;;
    *) printf '%s\n' "${base#*=}" ;;
  esac
}

# pin_base FOLDER DIGEST: writes the digest after the tag in the line FROM ... AS official.
pin_base() {
  pinned=$(mktemp)
  sed "s/^FROM \([^ @]*\)[^ ]* AS official/FROM \1@$2 AS official/" "$root/$1/Dockerfile" >"$pinned"
  cat "$pinned" >"$root/$1/Dockerfile"
  rm -f "$pinned"
}

has_image() {
  docker image inspect "$1" >/dev/null 2>&1
}

# is_older_than DAYS IMAGE: whether the image was built or pulled at least DAYS days ago. If the engine does not know when,
# the age counts from now.
is_older_than() {
  got=$(docker image inspect --format '{{.Metadata.LastTagTime.Unix}}' "$2" 2>/dev/null) || return 1
  if [ "$got" -lt 0 ] 2>/dev/null; then
    restart_age "$2"
    got=$(date +%s)
  fi
  [ "$got" -le "$(($(date +%s) - $1 * 86400))" ] 2>/dev/null
}

# restart_age IMAGE: `docker pull` may not set LastTagTime; tagging the image again does.
restart_age() {
  docker image tag "$1" "$1"
}
