# shellcheck shell=sh
# Which official images the project starts from. $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

# base_images: one name a line, from the Dockerfiles; earlier stages of the same file are not images. That of Grafana is
# needed in its profile only: compose pulls it there.
base_images() {
  find "$root" -maxdepth 2 -name Dockerfile ! -path "$root/grafana/*" -exec awk '
    FNR == 1 { split("", stage) }
    toupper($1) == "FROM" {
      name = $2 ~ /^--/ ? $3 : $2
      if (!(name in stage) && name !~ /^\$/) print name
      if (toupper($(NF - 1)) == "AS") stage[$NF] = 1
    }' {} + | sort -u
}

has_image() {
  docker image inspect "$1" >/dev/null 2>&1
}
