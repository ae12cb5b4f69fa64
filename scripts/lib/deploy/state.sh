# shellcheck shell=sh
# The lock and the state of a deploy, in the folder .deploy of the checkout, from which the next command puts an interrupted deploy right.
# Sourced after say.sh and project.sh; $root is the checkout, $project its compose project.
#
# PROJECT.lock   a link that names the process
# PROJECT/old    ids of the app's containers before the deploy
# PROJECT/end    pairs OLD NEW of container ids: NEW is healthy, and OLD is drained next
# PROJECT/image  id and name of the image of the old containers

: "${root:?must be set to the checkout before this file is sourced}"

# begin_deploy OLD: records the containers. Fails if another deploy is running, and puts one that was interrupted right.
begin_deploy() {
  find_state
  mkdir -p "$root/.deploy"
  take_lock
  [ ! -d "$state" ] || put_right
  rm -rf "$state.begun"
  mkdir "$state.begun"
  echo "$1" >"$state.begun/old"
  : >"$state.begun/end"
  # shellcheck disable=SC2086
  docker inspect --format '{{.Image}} {{.Config.Image}}' $1 | head -n 1 >"$state.begun/image"
  mv "$state.begun" "$state"
}

# finish_deploy: the state first, because a state without a lock would not be found.
finish_deploy() {
  rm -rf "$state" "$lock"
}

# put_deploy_right: for every command that changes the containers of the app.
put_deploy_right() {
  find_state
  [ -L "$lock" ] || return 0
  take_lock
  put_right
  finish_deploy
}

# forget_deploy: for a command that removes all containers.
forget_deploy() {
  find_state
  [ -L "$lock" ] || return 0
  take_lock
  finish_deploy
}

put_right() {
  say "Putting an interrupted deploy right."
  undo_deploy
  rm -rf "$state"
}

find_state() {
  state=$root/.deploy/${project:?}
  lock=$state.lock
}

# take_lock: the target of a link is created with it, so no lock is without a process.
take_lock() {
  ! ln -s $$ "$lock" 2>/dev/null || return 0
  holder=$(readlink "$lock") || holder=
  ! is_script "$holder" || fail "a deploy is running: process $holder" "Wait until it has ended, or interrupt it with kill $holder"
  mv "$lock" "$lock.$$" 2>/dev/null || fail "another command is putting an interrupted deploy right" "Run this command again."
  if [ "$(readlink "$lock.$$")" != "$holder" ]; then
    mv "$lock.$$" "$lock"
    fail "another command is putting an interrupted deploy right" "Run this command again."
  fi
  rm -f "$lock.$$"
  ln -s $$ "$lock"
}

# is_script PID: whether it is a script that takes the lock. Another process may have got the number of an interrupted one.
is_script() {
  case $(ps -o args= -p "${1:-0}" 2>/dev/null) in
    *scripts/deploy* | *scripts/up* | *scripts/reload* | *scripts/scale* | *scripts/down*) true ;;
    *) false ;;
  esac
}

# begin_end OLD NEW, cancel_end OLD NEW
begin_end() {
  echo "$1 $2" >>"$state/end"
}

cancel_end() {
  left=$(grep -vxF "$1 $2" "$state/end" || true)
  printf '%s' "${left:+$left
}" >"$state/end"
}

# remove_new CONTAINER: drains it if nginx sends it requests.
remove_new() {
  if is_in_backend "$1"; then end_container "$1"; else docker rm --force "$1" >/dev/null; fi
}

# undo_deploy: removes new containers that were not healthy yet, and finishes the replacements that have begun. If none has, the image of
# the running containers gets its name back.
undo_deploy() {
  [ -d "$state" ] || return 0
  while read -r old new; do
    [ -z "$(docker ps --all --quiet --filter "id=$old")" ] || {
      is_in_backend "$new" || join_backend "$new"
      end_container "$old"
    }
  done <"$state/end"
  for container in $(app_containers); do
    grep -q "$container" "$state/old" "$state/end" || remove_new "$container"
  done
  [ -s "$state/end" ] || {
    read -r image name <"$state/image"
    docker image tag "$image" "$name"
  }
}
