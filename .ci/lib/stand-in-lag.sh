# shellcheck shell=sh
# A stand-in may be older than the image whose tag it bears, as Debian's packages may be. Sourced after say.sh.

# say_if_behind IMAGE STAND_IN: says so where the program in the stand-in is not of the version that the image's tag names. The
# recipes of all other images refuse any version but that.
say_if_behind() {
  case ${1%@*} in
    */prometheus:* | */nginx-prometheus-exporter:*) ;;
    *) return 0 ;;
  esac
  wanted_version=${1%@*}
  wanted_version=${wanted_version##*:}
  wanted_version=${wanted_version#v}
  found_version=$(docker run --rm --network none "$2" --version 2>&1 | sed -n 's/.*version \([0-9.]*[0-9]\).*/\1/p' | head -n 1)
  [ "$found_version" = "$wanted_version" ] ||
    say "warning: $2 lags: it holds version ${found_version:-unknown} from Debian, the official image holds $wanted_version."
}
