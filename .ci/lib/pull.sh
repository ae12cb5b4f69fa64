# shellcheck shell=sh
# Pulls an image and distinguishes an unreachable registry from one that answers with an error, such as a rate limit, a denial or
# a missing image. Sourced after say.sh.

# Docker waits 15 s for the first answer, but some versions wait without limit.
answer_seconds=30
unreachable_registries=
pull_process=

# pull_image IMAGE: returns 0 if it was pulled, with its digest in $pulled_digest; 1 if its registry could not be reached; 2 if the
# registry answered with an error or something else failed. $pull_complaint is the last line of docker pull. An unreachable registry
# is not tried again in this run.
pull_image() {
  pulled_registry=$(registry_of "$1")
  case " $unreachable_registries " in *" $pulled_registry "*) return 1 ;; esac
  say "Pulling $1."
  pull_log=$(mktemp)
  docker pull "$1" >"$pull_log" 2>&1 </dev/null &
  pull_process=$!
  pull_status=0
  if wait_until "$answer_seconds" test -s "$pull_log"; then
    wait "$pull_process" || pull_status=$?
  else
    kill "$pull_process" 2>/dev/null || true
    wait "$pull_process" 2>/dev/null || true
    echo "$pulled_registry: i/o timeout: no answer within $answer_seconds s" >"$pull_log"
    pull_status=1
  fi
  pull_process=
  # shellcheck disable=SC2034
  pulled_digest=$(sed -n 's/^Digest: \(sha256:[0-9a-f]\{64\}\)$/\1/p' "$pull_log")
  pull_complaint=$(tail -n 1 "$pull_log" | sed 's/^Error response from daemon: //')
  if [ "$pull_status" != 0 ]; then
    pull_status=2
    ! means_unreachable "$(cat "$pull_log")" || {
      pull_status=1
      unreachable_registries="$unreachable_registries $pulled_registry"
    }
  fi
  rm -f "$pull_log"
  return "$pull_status"
}

end_pull() {
  [ -z "$pull_process" ] || kill "$pull_process" 2>/dev/null || true
}

# registry_of IMAGE: prints its registry: the first part of the name if it has a dot or a colon or is localhost, else docker.io.
registry_of() {
  case ${1%%/*} in
    "$1") echo docker.io ;;
    *.* | *:* | localhost) echo "${1%%/*}" ;;
    *) echo docker.io ;;
  esac
}

# means_unreachable TEXT: whether the output of `docker pull` (versions 24 to 29) means that the registry could not be reached.
# Unknown output means that it answered.
means_unreachable() {
  case $1 in
    # The registry sent a manifest, or its answer is quoted.
    *': Pulling from '* | *' HTTP '[1-5][0-9][0-9]* | *'HTTP status'* | *'unexpected status'* | *'status code'*) return 1 ;;
    *toomanyrequests* | *unauthorized* | *'denied: '* | *'access denied'* | *'manifest unknown'* | *': not found'*) return 1 ;;
    # The registry answered and redirected the engine: for a token, or to a storage server.
    *'/token'* | *'anonymous token'* | *'oauth token'* | *'/blobs/'*) return 1 ;;
    # With the containerd image store, this is the first request of a pull: the registry has not answered yet. The other image store
    # requests manifests (the next pattern) only after the registry has answered another request.
    *'failed to do request: Head'*) ;;
    *'/manifests/'*) return 1 ;;
    # The engine, not the registry, is unreachable.
    *'error during connect'* | *'Docker daemon'*) return 1 ;;
  esac
  case $1 in
    *'dial tcp'* | *'no such host'* | *'connection refused'* | *'no route to host'* | *'network is unreachable'*) return 0 ;;
    *'i/o timeout'* | *'handshake timeout'* | *'Client.Timeout exceeded'* | *'deadline exceeded'*) return 0 ;;
    *'connection reset by peer'* | *'broken pipe'* | *': EOF'* | *'unexpected EOF'*) return 0 ;;
  esac
  return 1
}

# refuse_pull IMAGE FOLDER ARGUMENT: fails with the registry's answer and what to do about it.
refuse_pull() {
  case $pull_complaint in
    *toomanyrequests* | *429*)
      pull_advice="The registry limits pulls from this address: log in (docker login), wait, or pull through a mirror." ;;
    *x509* | *'tls: '* | *'HTTPS client'*)
      pull_advice="The engine does not trust the server: add its certificate authority, or add the registry to the engine's insecure-registries." ;;
    *unauthorized* | *denied* | *' 401'* | *' 403'* | *Forbidden*)
      pull_advice="The registry or a proxy denies access: log in (docker login), or pull through a mirror." ;;
    *'not found'* | *'manifest unknown'* | *' 404'*)
      pull_advice="The registry has no such image: check the line FROM ... AS official in $2/Dockerfile." ;;
    *) pull_advice="Try again later, or pull through a mirror." ;;
  esac
  fail "$1 cannot be pulled: $pull_complaint" "$pull_advice" \
    "Set a mirror in the engine's registry-mirrors, or for this image in .env: $3=mirror.example/${1##*/}" \
    "No stand-in is used, because the registry can be reached."
}
