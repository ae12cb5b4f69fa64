# shellcheck shell=sh
# Pulls an image, and tells a registry that cannot be reached at all from one that answered something else than the image: a
# rate limit, a refusal, an image that is not there, a fault. Sourced after say.sh.

# The engine waits 15 s for the first answer, some of its versions for ever.
answer_seconds=30
silent_registries=
pull_process=

# pull_image IMAGE: 0 when it was pulled, with its digest in $pulled_digest; 1 when its registry could not be reached at all;
# 2 when the registry answered, or something else failed. $pull_complaint says what happened. A registry that could not be
# reached is not asked again in this run.
pull_image() {
  pulled_registry=$(registry_of "$1")
  case " $silent_registries " in *" $pulled_registry "*) return 1 ;; esac
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
    ! tells_of_no_answer "$(cat "$pull_log")" || {
      pull_status=1
      silent_registries="$silent_registries $pulled_registry"
    }
  fi
  rm -f "$pull_log"
  return "$pull_status"
}

end_pull() {
  [ -z "$pull_process" ] || kill "$pull_process" 2>/dev/null || true
}

# registry_of IMAGE: the host that it comes from, by the rule of docker.
registry_of() {
  case ${1%%/*} in
    "$1") echo docker.io ;;
    *.* | *:* | localhost) echo "${1%%/*}" ;;
    *) echo docker.io ;;
  esac
}

# tells_of_no_answer TEXT: by what `docker pull` says, versions 24 to 29. What is not known to mean that nothing answered
# means that something did.
tells_of_no_answer() {
  case $1 in
    # The registry named the image, or what it answered is quoted.
    *': Pulling from '* | *' HTTP '[1-5][0-9][0-9]* | *'HTTP status'* | *'unexpected status'* | *'status code'*) return 1 ;;
    *toomanyrequests* | *unauthorized* | *'denied: '* | *'access denied'* | *'manifest unknown'* | *': not found'*) return 1 ;;
    # It answered, and sent the engine on: for a token, or to another place for the data.
    *'/token'* | *'anonymous token'* | *'oauth token'* | *'/blobs/'*) return 1 ;;
    # The first request of a pull; without the containerd image store there was one before it that was answered.
    *'failed to do request: Head'*) ;;
    *'/manifests/'*) return 1 ;;
    # It is the engine that cannot be reached.
    *'error during connect'* | *'Docker daemon'*) return 1 ;;
  esac
  case $1 in
    *'dial tcp'* | *'no such host'* | *'connection refused'* | *'no route to host'* | *'network is unreachable'*) return 0 ;;
    *'i/o timeout'* | *'handshake timeout'* | *'Client.Timeout exceeded'* | *'deadline exceeded'*) return 0 ;;
    *'connection reset by peer'* | *'broken pipe'* | *': EOF'* | *'unexpected EOF'*) return 0 ;;
  esac
  return 1
}

# refuse_pull IMAGE FOLDER ARGUMENT: ends the script, saying what to do about what the registry answered.
refuse_pull() {
  case $pull_complaint in
    *toomanyrequests* | *429*)
      pull_advice="It limits how often this address may pull: log in (docker login), wait, or pull through a mirror." ;;
    *x509* | *'tls: '* | *'HTTPS client'*)
      pull_advice="The engine does not trust what answered: give it the certificate authority, or the registry as one of its insecure-registries." ;;
    *unauthorized* | *denied* | *' 401'* | *' 403'* | *Forbidden*)
      pull_advice="It, or a proxy before it, refuses: log in (docker login), or pull through a mirror that you may use." ;;
    *'not found'* | *'manifest unknown'* | *' 404'*)
      pull_advice="It has no such image: see the line FROM ... AS official in $2/Dockerfile." ;;
    *) pull_advice="Try again later, or pull through a mirror." ;;
  esac
  fail "$1 cannot be pulled: $pull_complaint" "$pull_advice" \
    "A mirror is named in the engine's registry-mirrors, or for this image alone: $3=mirror.example/${1##*/} in .env." \
    "No stand-in is used: its registry can be reached."
}
