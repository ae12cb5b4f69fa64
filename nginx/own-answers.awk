# Counts the requests that nginx itself answered, rejected or closed, for Prometheus, and writes some of them to the access log. Reads
# lines of the access log ($by_nginx in nginx.conf); at a line `tick` it writes new counts to the file given by -v file=PATH.
BEGIN {
  # Lines logged of one server and status in one second, of requests that nginx did not pass on. Further ones are only counted.
  MOST_LINES = 10
  # Seconds after which unchanged counts are written again. The alert NginxAnswersNotCounted fires above 30.
  REWRITE_SECONDS = 10
  server_of["8040"] = "public"
  server_of["8044"] = "public"
  server_of["9040"] = "metrics"
  server_of["9050"] = "metrics"
  server_of["9090"] = "prometheus"
  # These series exist from the start: a series that appears with its first count has no increase() to alert on.
  usual = split("400 403 404 405 408 411 413 414 416 421 429 431 499 500 501 502 503 504 505", statuses, " ")
  for (i = 1; i <= usual; i++) {
    count["public", statuses[i]] = 0
    count["metrics", statuses[i]] = 0
  }
  # Continues from the counts of a previous run of this program.
  while ((getline line < file) > 0) {
    if (split(line, part, /["} ]+/) == 5 && part[1] == "nginx_own_answers_total{server=") count[part[2], part[4]] = part[5]
  }
  close(file)
  write()
}

function write(   text, key, part, writer) {
  text = "# HELP nginx_own_answers_total Requests that nginx itself answered, rejected or closed, without a response of the app\n"
  text = text "# TYPE nginx_own_answers_total counter\n"
  for (key in count) {
    split(key, part, SUBSEP)
    text = text "nginx_own_answers_total{server=\"" part[1] "\",status=\"" part[2] "\"} " sprintf("%.0f", count[key]) "\n"
  }
  text = text "# HELP nginx_own_answers_written_timestamp_seconds When these counts were written\n"
  text = text "# TYPE nginx_own_answers_written_timestamp_seconds gauge\n"
  text = text "nginx_own_answers_written_timestamp_seconds " sprintf("%.0f", systime()) "\n"
  # Written by another process: if the disk is full, that process fails and the counts stay here. It still reads all its input, because
  # a pipe without a reader would end this program with SIGPIPE.
  changed = 0
  written = systime()
  writer = "{ cat >" file ".new && mv -f " file ".new " file "; } 2>/dev/null || cat >/dev/null"
  printf "%s", text | writer
  close(writer)
}

function field(name,   start) {
  # Quotes in values are escaped, so a client cannot send this text.
  start = index($0, ",\"" name "\":\"")
  if (start == 0) return ""
  start += length(name) + 5
  return substr($0, start, index(substr($0, start), "\"") - 1)
}

# Writes a line in one call, so it does not mix with the lines of nginx.
function say(line) {
  printf "%s", line "\n"
  fflush()
}

function report_left_out(   key, part) {
  for (key in left_out) {
    split(key, part, SUBSEP)
    say("{\"time\":\"" time "\",\"level\":\"warn\",\"msg\":\"more requests rejected by nginx are not logged\",\"server\":\"" \
      part[1] "\",\"status\":\"" part[2] "\",\"left_out\":" left_out[key] "}")
  }
  split("", left_out)
  split("", lines)
}

/^tick$/ {
  report_left_out()
  if (changed || systime() - written >= REWRITE_SECONDS) write()
  next
}

{
  port = field("server_port")
  # An unknown server is counted under its port.
  server = port in server_of ? server_of[port] : port
  status = field("status")
  if (server == "" || status !~ /^[0-9][0-9][0-9]$/) next
  count[server, status]++
  changed = 1
  # nginx has already logged requests that it passed on.
  if (field("upstream_status") != "") next
  now = substr($0, 10, 25)
  if (now != time) {
    report_left_out()
    time = now
  }
  if (++lines[server, status] > MOST_LINES) left_out[server, status]++
  else say($0)
}
