# shellcheck shell=sh
# Builds stand-ins for official images from the recipes in .ci/stand-ins.
# Sourced after say.sh, apt.sh, engine.sh, node.sh, npm.sh and bases.sh; $root is the checkout, $days the age in days at which one is
# rebuilt, $pull non-empty to rebuild all.

: "${root:?must be set to the checkout before this file is sourced}"

stand_in_label=pandoras-express.stand-in
stand_in_debian=pandoras-express/debian:trixie
debian_is_new=

# stand_in_of IMAGE: prom/prometheus:v3.13.2@sha256:... -> pandoras-express/stand-in-prometheus:v3.13.2
stand_in_of() {
  name_and_tag=${1%@*}
  printf 'pandoras-express/stand-in-%s' "${name_and_tag##*/}"
}

# use_stand_in IMAGE REASON: builds the stand-in if necessary. If only its age requires a rebuild and that fails, it is kept.
use_stand_in() {
  stand_in=$(stand_in_of "$1")
  say "$1: $2. Using $stand_in, built on this machine."
  if [ -n "$pull" ] || ! is_current_stand_in "$stand_in"; then
    build_stand_in "$1"
  elif is_older_than "${days:?}" "$stand_in"; then
    (build_stand_in "$1") || say "$stand_in is $days days old or older and cannot be rebuilt now. Using it."
  fi
}

# remove_stand_in IMAGE: removes the stand-in once the official image is local.
remove_stand_in() {
  stand_in=$(stand_in_of "$1")
  has_image "$stand_in" || return 0
  docker image rm "$stand_in" >/dev/null
  say "$1 is available; its stand-in $stand_in is removed."
}

# remove_misnamed IMAGE: removes a stand-in that an earlier version of the template built under the official name.
remove_misnamed() {
  is_stand_in "$1" || return 0
  # The engine removes a name of an image that a container uses only if the image has another name.
  docker image tag "$1" "$(stand_in_of "$1")"
  docker image rm "$1" >/dev/null
  say "$1 was a stand-in built by an earlier version under the official name; that name is removed."
}

is_stand_in() {
  [ -n "$(stand_in_recipe_of "$1")" ]
}

is_current_stand_in() {
  [ "$(stand_in_recipe_of "$1")" = "$(recipe_hash "$1")" ]
}

stand_in_recipe_of() {
  docker image inspect --format "{{index .Config.Labels \"$stand_in_label\"}}" "$1" 2>/dev/null || true
}

# recipe_hash IMAGE: prints a hash of everything the stand-in is built from: its recipe, that of its Debian image, and this machine's
# certificates. A stand-in with another hash is out of date.
recipe_hash() {
  find "$root/.ci/stand-ins/debian.sh" "$root/.ci/lib/stand-ins.sh" /etc/ssl/certs/ca-certificates.crt \
    "$(recipe_of "$1")" -type f -exec sha256sum {} + | sed "s|$root||" | sort | sha256sum | cut -c 1-12
}

# recipe_of IMAGE: prints the path of its recipe: .ci/stand-ins/prometheus for prom/prometheus:v3.13.2.
recipe_of() {
  recipe_name=${1%@*}
  recipe_name=${recipe_name%:*}
  recipe_name=${recipe_name##*/}
  recipe_name=${recipe_name#stand-in-}
  [ "$1" != "$stand_in_debian" ] || recipe_name=debian.sh
  printf '%s' "$root/.ci/stand-ins/$recipe_name"
}

# build_stand_in IMAGE: builds it from current packages, without the build cache.
build_stand_in() {
  recipe=$(recipe_of "$1")
  name=${recipe##*/}
  stand_in=$(stand_in_of "$1")
  [ -f "$recipe/Dockerfile" ] || fail "no recipe for a stand-in of $1 in .ci/stand-ins${pull_complaint:+, and no registry can be reached: $pull_complaint}" \
    "Make $1 available to the engine: docker pull, docker load, or a registry mirror."
  is_debian_root || fail "$1 cannot be pulled${pull_complaint:+: $pull_complaint}, and a stand-in of it can only be built as root on Debian" \
    "Make $1 available to the engine: docker pull, docker load, or a registry mirror."

  # If two scripts run at the same time, the second waits and uses what the first has built.
  exec 7>/run/pandoras-express-stand-ins.lock
  flock 7
  [ -n "$pull" ] || ! is_current_stand_in "$stand_in" || is_older_than "$days" "$stand_in" || return 0

  build_debian
  say "Building $stand_in."
  context=$root/.tools/stand-ins/$name
  mkdir -p "$context"
  cp "$recipe"/* "$context"
  tag=${1%@*}
  "add_$(printf '%s' "$name" | tr - _)_context" "$context" "${tag##*:}"
  build_log=$context.log
  previous=$(docker image inspect --format '{{.Id}}' "$stand_in" 2>/dev/null || true)
  docker build --quiet --no-cache --build-arg "DEBIAN=$stand_in_debian" --build-arg "VERSION=$(tag_version "$tag")" \
    --label "$stand_in_label=$(recipe_hash "$1")" --tag "$stand_in" "$context" >"$build_log" 2>&1 || {
    tail -n 40 "$build_log" >&2
    fail "docker build of $stand_in failed" "The complete log is $build_log."
  }
  # Fails, and is ignored, if a container uses the image.
  [ -z "$previous" ] || docker image rm "$previous" >/dev/null 2>&1 || true
}

build_debian() {
  [ -z "$debian_is_new" ] || return 0
  [ -n "$pull" ] || ! is_current_stand_in "$stand_in_debian" || is_older_than "$days" "$stand_in_debian" || return 0
  say "Building $stand_in_debian with debootstrap (about 30 s)."
  "$root/.ci/stand-ins/debian.sh" "$stand_in_debian" "$stand_in_label=$(recipe_hash "$stand_in_debian")" || exit 1
  debian_is_new=1
}

# tag_version IMAGE: prints the version in its tag, such as 26, 1.30 or 3.13.2.
tag_version() {
  expr "${1##*:}" : 'v\{0,1\}\([0-9.]*\)'
}

add_nginx_context() {
  add_forky "$1"
}

add_prometheus_context() {
  add_forky "$1"
}

# The recipe needs no additional files: its Debian image has the suite that contains the package.
add_nginx_prometheus_exporter_context() {
  :
}

# add_forky CONTEXT: adds the suite forky. Valid-Until-Min accepts a mirror whose Release file expired up to 180 days ago
# (sources.list(5)); signatures are verified in any case.
add_forky() {
  printf 'Types: deb\nURIs: %s\nSuites: forky\nComponents: main\nValid-Until-Min: %s\nSigned-By: %s\n' \
    "$(debian_archive)" $((180 * 86400)) /usr/share/keyrings/debian-archive-keyring.gpg >"$1/forky.sources"
  printf 'Package: *\nPin: release n=forky\nPin-Priority: 100\n' >"$1/forky.pref"
}

# Installs Node and npm from this machine's npm registry. The image contains the registry's address, but no credentials.
add_node_context() {
  require_npm
  npm install --prefix "$1" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
    "$(node_package)@$(expr "$2" : '\([0-9]*\)')" npm@11 >/dev/null || fail "npm could not install Node and npm for $1"
  rm -rf "$1/node" "$1/npm"
  mv "$1/node_modules/$(node_package)" "$1/node"
  mv "$1/node_modules/npm" "$1/npm"
  rm -rf "$1/node_modules"
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\nregistry=%s\n' "$(npm config get registry 2>/dev/null)" >"$1/npmrc"
}
