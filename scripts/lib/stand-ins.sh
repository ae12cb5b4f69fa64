# shellcheck shell=sh
# Stand-ins for official images, by the recipes in scripts/stand-ins.
# Sourced after say.sh, apt.sh, engine.sh, node.sh, npm.sh and images.sh; $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

stand_in_label=pandoras-express.stand-in
stand_in_debian=pandoras-express/debian:trixie

# The engine itself gives up on a registry that does not answer; a slow one has its time.
pull_image() {
  say "Pulling $1."
  pull_complaint=$(docker pull --quiet "$1" 2>&1 >/dev/null) && return
  say "$1 cannot be pulled: $pull_complaint"
  return 1
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

# recipe_hash IMAGE: what a stand-in is made from. Another recipe, of it or of the Debian below it, or other certificates on
# this machine make it out of date.
recipe_hash() {
  find "$root/scripts/stand-ins/debian.sh" "$root/scripts/lib/stand-ins.sh" /etc/ssl/certs/ca-certificates.crt \
    "$(recipe_of "$1")" -type f -exec sha256sum {} + | sed "s|$root||" | sort | sha256sum | cut -c 1-12
}

# recipe_of IMAGE: prom/prometheus:v3.5.3 is made by scripts/stand-ins/prometheus.
recipe_of() {
  recipe_name=${1%:*}
  recipe_name=${recipe_name##*/}
  [ "$1" != "$stand_in_debian" ] || recipe_name=debian.sh
  printf '%s' "$root/scripts/stand-ins/$recipe_name"
}

build_stand_in() {
  recipe=$(recipe_of "$1")
  name=${recipe##*/}
  [ -f "$recipe/Dockerfile" ] || fail "there is no recipe for a stand-in of $1 in scripts/stand-ins" \
    "Make $1 available to the engine: docker pull, docker load, or a registry mirror."
  is_debian_root || fail "a stand-in of $1 can only be built as root on Debian" \
    "Make $1 available to the engine: docker pull, docker load, or a registry mirror."

  mkdir -p "$root/.tools/stand-ins"
  # Two scripts at once: the second finds what the first has built.
  exec 7>"$root/.tools/stand-ins/lock"
  flock 7
  ! is_current_stand_in "$1" || return 0

  is_current_stand_in "$stand_in_debian" || {
    say "Building $stand_in_debian with debootstrap (half a minute)."
    "$root/scripts/stand-ins/debian.sh" "$stand_in_debian" "$stand_in_label=$(recipe_hash "$stand_in_debian")"
  }
  say "Building a stand-in of $1."
  context=$root/.tools/stand-ins/$name
  mkdir -p "$context"
  cp "$recipe"/* "$context"
  "add_$(printf '%s' "$name" | tr - _)_context" "$context" "${1##*:}"
  build_log=$context.log
  docker build --quiet --build-arg "DEBIAN=$stand_in_debian" --build-arg "VERSION=$(tag_version "$1")" \
    --label "$stand_in_label=$(recipe_hash "$1")" --tag "$1" "$context" >"$build_log" 2>&1 || {
    tail -n 40 "$build_log" >&2
    fail "docker build of the stand-in of $1 failed" "The whole log is $build_log."
  }
}

# tag_version IMAGE: 26, 1.30, 3.5.3
tag_version() {
  expr "${1##*:}" : 'v\{0,1\}\([0-9.]*\)'
}

add_nginx_context() {
  add_forky "$1"
}

add_prometheus_context() {
  add_forky "$1"
}

# It is in the Debian below.
add_nginx_prometheus_exporter_context() {
  :
}

# The suite's Release file may be past its date; packages are still verified by signature.
add_forky() {
  printf 'Types: deb\nURIs: %s\nSuites: forky\nComponents: main\nCheck-Valid-Until: no\nSigned-By: %s\n' \
    "$(debian_archive)" /usr/share/keyrings/debian-archive-keyring.gpg >"$1/forky.sources"
  printf 'Package: *\nPin: release n=forky\nPin-Priority: 100\n' >"$1/forky.pref"
}

# Node and npm from the npm registry that this machine uses; only its address goes into the image, never a credential.
add_node_context() {
  require_npm
  npm install --prefix "$1" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
    "$(node_package)@$(expr "$2" : '\([0-9]*\)')" npm@11 >/dev/null
  rm -rf "$1/node" "$1/npm"
  mv "$1/node_modules/$(node_package)" "$1/node"
  mv "$1/node_modules/npm" "$1/npm"
  rm -rf "$1/node_modules"
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\nregistry=%s\n' "$(npm config get registry 2>/dev/null)" >"$1/npmrc"
}
