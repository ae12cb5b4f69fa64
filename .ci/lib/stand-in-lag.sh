# shellcheck shell=sh
# Reports stand-ins whose program has another version than the official image. Sourced after say.sh.

# warn_if_behind IMAGE STAND_IN: warns if the version in the stand-in differs from the tag of the image. Only Prometheus,
# Alertmanager and the exporter may differ; the recipes of the other images fail on another version.
warn_if_behind() {
  case ${1%@*} in
    */prometheus:* | */alertmanager:* | */nginx-prometheus-exporter:*) ;;
    *) return 0 ;;
  esac
  wanted_version=${1%@*}
  wanted_version=${wanted_version##*:}
  wanted_version=${wanted_version#v}
  found_version=$(docker run --rm --network none "$2" --version 2>&1 | sed -n 's/.*version \([0-9.]*[0-9]\).*/\1/p' | head -n 1)
  [ "$found_version" = "$wanted_version" ] ||
    say "warning: $2 contains version ${found_version:-unknown} from Debian; the official image contains $wanted_version."
}
