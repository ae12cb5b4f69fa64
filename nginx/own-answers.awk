# Counts what nginx answered, refused or ended by itself, for Prometheus, and writes a part of it to the access log. Reads lines of
# the access log (nginx.conf: $by_nginx), and `tick` where the file of counts is to be written. -v file=: where.
BEGIN {
  # Of one server and status in one second, of requests that no limit holds. Beyond it they are counted alone.
  MOST_LINES = 10
  server_of["8040"] = "public"
  server_of["9040"] = "metrics"
  server_of["9090"] = "prometheus"
  # Shown from the start: what appears only with its first count has no increase to alert on.
  usual = split("400 403 404 405 408 411 413 414 416 421 429 431 499 500 501 502 503 504 505", statuses, " ")
  for (i = 1; i <= usual; i++) {
    count["public", statuses[i]] = 0
    count["metrics", statuses[i]] = 0
  }
  # After an end of this program its successor goes on from there.
  while ((getline line < file) > 0) {
    if (split(line, part, /["} ]+/) == 5 && part[1] == "nginx_own_answers_total{server=") count[part[2], part[4]] = part[5]
  }
  close(file)
  write()
}

function write(   text, key, part, writer) {
  text = "# HELP nginx_own_answers_total Requests that nginx answered, refused or ended by itself: no answer of the app\n"
  text = text "# TYPE nginx_own_answers_total counter\n"
  for (key in count) {
    split(key, part, SUBSEP)
    text = text "nginx_own_answers_total{server=\"" part[1] "\",status=\"" part[2] "\"} " sprintf("%.0f", count[key]) "\n"
  }
  text = text "# HELP nginx_own_answers_written_timestamp_seconds When these counts were written\n"
  text = text "# TYPE nginx_own_answers_written_timestamp_seconds gauge\n"
  text = text "nginx_own_answers_written_timestamp_seconds " sprintf("%.0f", systime()) "\n"
  # Another process: a full disk ends that one, and the counts stay here until there is room. It reads all of them even so: a pipe that
  # nobody reads would end this program.
  writer = "{ cat >" file ".new && mv -f " file ".new " file "; } 2>/dev/null || cat >/dev/null"
  printf "%s", text | writer
  close(writer)
}

function field(name,   start) {
  # A quote within a value is escaped, so no client can write this.
  start = index($0, ",\"" name "\":\"")
  if (start == 0) return ""
  start += length(name) + 5
  return substr($0, start, index(substr($0, start), "\"") - 1)
}

# One write for each line, so that it does not mix with those that nginx writes: stdout may be unbuffered.
function say(line) {
  printf "%s", line "\n"
  fflush()
}

function tell_left_out(   key, part) {
  for (key in left_out) {
    split(key, part, SUBSEP)
    say("{\"time\":\"" time "\",\"level\":\"warn\",\"msg\":\"refused requests are left out here\",\"server\":\"" \
      part[1] "\",\"status\":\"" part[2] "\",\"left_out\":" left_out[key] "}")
  }
  split("", left_out)
  split("", lines)
}

/^tick$/ {
  tell_left_out()
  write()
  next
}

{
  port = field("server_port")
  # A server that is added is counted under its port.
  server = port in server_of ? server_of[port] : port
  status = field("status")
  if (server == "" || status !~ /^[0-9][0-9][0-9]$/) next
  count[server, status]++
  # A request that was passed on is in the access log already.
  if (field("upstream_status") != "") next
  now = substr($0, 10, 25)
  if (now != time) {
    tell_left_out()
    time = now
  }
  if (++lines[server, status] > MOST_LINES) left_out[server, status]++
  else say($0)
}
