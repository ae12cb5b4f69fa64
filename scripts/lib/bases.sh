# shellcheck shell=sh
# The images that the Dockerfiles start from. Each Dockerfile names the official one in its stage `official`, and takes another
# by a build argument, which docker-compose.yml hands on from the environment. $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

# bases [FOLDER...]: ARGUMENT|OFFICIAL IMAGE|FOLDER of each Dockerfile, or of those in the folders. That of Grafana is
# needed in its profile only.
bases() {
  # shellcheck disable=SC2046
  [ $# -gt 0 ] || set -- demo-app nginx nginx/exporter prometheus $(! grafana_is_wanted || echo grafana)
  for folder in "$@"; do
    [ -f "$root/$folder/Dockerfile" ] || fail "no Dockerfile in $root/$folder"
    awk -v folder="$folder" '
      { sub(/\r$/, "") }
      /^ARG [A-Z_]+_BASE=official$/ { argument = substr($2, 1, index($2, "=") - 1) }
      /^FROM [^ ]+ AS official$/ { print argument "|" $2 "|" folder }
    ' "$root/$folder/Dockerfile"
  done
}

grafana_is_wanted() {
  case ",$(setting COMPOSE_PROFILES)," in
    *,grafana,* | *,\*,*) true ;;
    *) false ;;
  esac
}

# setting NAME: as compose takes it, from the environment or else from .env.
setting() {
  eval "setting=\${$1-}"
  [ -n "$setting" ] || [ ! -f "$root/.env" ] ||
    setting=$(sed -n "s/^ *\(export *\)\{0,1\}$1 *= *[\"']\{0,1\}\([^\"' #]*\).*/\2/p" "$root/.env" | tail -n 1)
  printf '%s' "$setting"
}

# use_bases FILE: exports what .ci/base-images has printed, for every build that follows.
use_bases() {
  while IFS= read -r base; do
    # shellcheck disable=SC2163
    export "$base"
  done <"$1"
}

# base_of FOLDER: the image that its Dockerfile starts from here, put in place if it is not there.
base_of() {
  base=$("$root/.ci/base-images" "$1") || exit 1
  case $base in
    *=official) bases "$1" | cut -d '|' -f 2 ;;
    *) printf '%s\n' "${base#*=}" ;;
  esac
}

# pin_base FOLDER DIGEST: writes the digest beside the tag, in the one line that names the official image.
pin_base() {
  pinned=$(mktemp)
  sed "s/^FROM \([^ @]*\)[^ ]* AS official/FROM \1@$2 AS official/" "$root/$1/Dockerfile" >"$pinned"
  cat "$pinned" >"$root/$1/Dockerfile"
  rm -f "$pinned"
}

has_image() {
  docker image inspect "$1" >/dev/null 2>&1
}

# is_older_than DAYS IMAGE: whether it was built or pulled so long ago. Of an image that was pulled by something else the engine
# may not know: it counts from now.
is_older_than() {
  got=$(docker image inspect --format '{{.Metadata.LastTagTime.Unix}}' "$2" 2>/dev/null) || return 1
  if [ "$got" -lt 0 ] 2>/dev/null; then
    counts_from_now "$2"
    got=$(date +%s)
  fi
  [ "$got" -le "$(($(date +%s) - $1 * 86400))" ] 2>/dev/null
}

# counts_from_now IMAGE: a pull leaves no time behind, giving it its name once more does.
counts_from_now() {
  docker image tag "$1" "$1"
}
