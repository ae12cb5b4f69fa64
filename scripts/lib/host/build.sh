# shellcheck shell=sh
# Builds what a stack without containers runs. Sourced after say.sh, npm.sh, node.sh and directory.sh; $host is its directory.

: "${root:?must be set to the checkout before this file is sourced}"

# build_host: writes a new build to $host/builds and sets $build to it. Nothing that runs is changed.
build_host() {
  umask 022
  mkdir -p "${host:?find_host sets it}/builds" "$host/bin"
  install_host_node
  install_host_modules
  # `mktemp` creates the directory with mode 0700.
  build=$(mktemp -d "$host/builds/$(date +%Y%m%d-%H%M%S).XXXXXX")
  chmod 755 "$build"
  node --disable-warning=ExperimentalWarning "$root/scripts/lib/host/assemble.ts" "$host" "$build" "$modules" || {
    rm -rf "$build"
    fail "the stack could not be built; the error is above"
  }
  [ -z "${DEV_SOURCES:-}" ] || link_sources
  # Settings may contain passwords.
  [ "$(id -u)" != 0 ] || chown "root:$(host_variable STACK_USER)" "$build/settings.env"
}

# link_sources: for scripts/dev, makes the build run the sources of the checkout, with its packages.
link_sources() {
  [ -d "$root/node_modules" ] || fail "the checkout has no node_modules" "npm ci"
  rm -rf "$build/demo-app/src"
  ln -s "$root/demo-app/src" "$build/demo-app/src"
  [ "$(id -u)" != 0 ] || setpriv --reuid "${host_user:?}" --regid "$host_user" --clear-groups test -r "$root/demo-app/src/main.ts" || {
    rm -rf "$build"
    fail "the user $host_user cannot read $root/demo-app/src" "Run scripts/dev --host as a user other than root."
  }
}

# runs_sources: whether the running build is one of scripts/dev.
runs_sources() {
  [ -L "$host/app/demo-app/src" ]
}

# install_host_node: puts this Node into the directory, where the user of the stack can read it.
install_host_node() {
  node_binary=$(node -p process.execPath)
  cmp -s "$node_binary" "$host/bin/node" && return
  node_copy=$(mktemp "$host/bin/node.XXXXXX")
  cp "$node_binary" "$node_copy"
  chmod 755 "$node_copy"
  mv -f "$node_copy" "$host/bin/node"
}

# install_host_modules: sets $modules to a directory with the packages of package-lock.json, as in demo-app/Dockerfile.
install_host_modules() {
  modules=$host/modules-$(cksum <"$root/package-lock.json" | tr ' ' -)
  [ ! -e "$modules/.complete" ] || return 0
  require_npm
  say "Installing the packages that the app needs: npm ci --omit=dev."
  rm -rf "$modules"
  for manifest in package.json package-lock.json .npmrc demo-app/package.json packages/prom-multiproc/package.json \
    packages/cluster-runtime/package.json; do
    mkdir -p "$modules/$(dirname "$manifest")"
    cp "$root/$manifest" "$modules/$manifest"
  done
  (cd "$modules" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
    --workspace=demo-app --workspace=cluster-runtime --workspace=prom-multiproc) >&2 || fail "npm ci failed in $modules"
  : >"$modules/.complete"
}

# use_build BUILD: makes it the one that starts next.
use_build() {
  ln -s "builds/${1##*/}" "$host/app.new"
  # rename(2) replaces the link at once; `mv` without -T would move the new link into the directory.
  mv -T "$host/app.new" "$host/app" 2>/dev/null || mv -h "$host/app.new" "$host/app"
}

# remove_old_builds KEEP...: removes all builds but these, and the packages of other lock files.
remove_old_builds() {
  for old in "$host"/builds/*; do
    case " $* " in *" $old "*) ;; *) rm -rf "$old" ;; esac
  done
  for old in "$host"/modules-*; do
    [ "$old" = "${modules:-}" ] || rm -rf "$old"
  done
}
