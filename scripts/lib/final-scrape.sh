# shellcheck shell=sh
# Sourced by scripts that stop the compose stack.

# skip_final_scrape: the app ends without waiting for scrapers, because Prometheus ends too. An app that does not run ends at once.
skip_final_scrape() {
  # shellcheck disable=SC2016
  docker compose exec --no-TTY app sh -c ': >"$RUN_DIRECTORY/no-final-scrape"' >/dev/null 2>&1 || true
}
