# shellcheck shell=sh
# Brings the code of the checkout to a running stack without containers. Sourced after say.sh, npm.sh, node.sh, directory.sh, build.sh
# and ../operate.sh.

: "${root:?must be set to the checkout before this file is sourced}"

# reload_host: builds, and brings the build to the running stack.
reload_host() {
  if runs_sources; then
    operate_on_host reload
    return
  fi
  require_node
  find_running_builds
  build_host
  take_build
}

# find_running_builds: sets $previous to the build of the workers, and $started to that of the primary, which keeps the code with which
# it started.
find_running_builds() {
  previous=${host:?find_host sets it}/$(readlink "$host/app")
  started=$(cat "$(host_variable RUN_DIRECTORY)/build")
}

# take_build: checks nginx' files in $build, and replaces the workers. If a new worker does not become ready, the build before is used
# again.
take_build() {
  check_nginx "${build:?build_host sets it}"
  use_build "$build"
  operate_on_host reload || {
    use_build "$previous"
    # Workers that were already replaced have files of the build open and load others later.
    ! operate_on_host reload || rm -rf "$build"
    fail "the new workers did not become ready, so the stack keeps the code that it had; the reason is above and in the log of the app"
  }
  { same "$previous" nginx && same "$previous" mode.conf; } || signal_program nginx HUP
  same "$previous" prometheus || signal_program prometheus HUP
  primary_is_same || {
    say "warning: files of the primary or of supervisord changed too (packages/, supervisor/ or an npm package)."
    say "  They take effect at the next start of the stack, which resets the counters."
  }
  remove_old_builds "$build" "$started"
}

# same BUILD PART: whether PART of the new build equals that of BUILD. The link node_modules/demo-app is left out: new workers load the
# new code of the app.
same() {
  diff -r -q -x demo-app "$1/$2" "$build/$2" >/dev/null 2>&1
}

# primary_is_same: whether the primary and supervisord run the code of the new build.
primary_is_same() {
  same "$started" packages && same "$started" node_modules && same "$started" supervisor
}

# check_nginx BUILD: fails if nginx rejects the configuration of the build, and removes that.
check_nginx() {
  # nginx opens its stdout again, which only the user that created it may do.
  # shellcheck disable=SC2016
  env -i "$root/scripts/lib/host/in-stack" "$host" sh -c \
    'nginx -t -q -p "$NGINX_PREFIX" -e stderr -c "$1" >"$RUN_DIRECTORY/nginx-test"' nginx "$1/nginx/nginx.conf" || {
    rm -rf "$1"
    fail "nginx rejects its configuration; its error is above" "Nothing was changed. Correct the file in nginx/ and run the script again."
  }
}

# signal_program PROGRAM SIGNAL
signal_program() {
  env -i "$root/scripts/lib/host/in-stack" "$host" supervisorctl --configuration "$host/app/supervisor/supervisord.conf" \
    signal "$2" "$1" >&2
}
