# nginx' error log on its way to the container's log: without query strings, without control bytes, and not more of it than a
# person reads. run-nginx says why it is there.
BEGIN {
  # Of one second. What is beyond is counted, and said before the next line that is not.
  MOST_LINES = 20
  # nginx itself writes 2048 at most; an escaped byte takes four.
  MOST_BYTES = 2048
  for (i = 0; i < 256; i++) code[sprintf("%c", i)] = i
}

# All but printable ASCII as \x1b: a terminal takes some of it as orders.
function printable(text,   out, i, byte) {
  if (text !~ /[^ -~]/) return text
  out = ""
  for (i = 1; i <= length(text); i++) {
    byte = substr(text, i, 1)
    out = out (byte ~ /[ -~]/ ? byte : sprintf("\\x%02x", code[byte]))
  }
  return out
}

# One write for each line, so that it does not mix with those of others: stdout may be unbuffered.
function say(line) {
  printf "%s", line "\n"
  fflush()
}

# Takes the query out of the first match of a pattern: from its first ? behind so many bytes to what ends the match.
function without_query(pattern, skip, ending,   found, at) {
  if (!match($0, pattern)) return
  found = substr($0, RSTART, RLENGTH)
  at = skip + index(substr(found, skip + 1), "?")
  $0 = substr($0, 1, RSTART + at - 2) ending substr($0, RSTART + RLENGTH)
}

{
  second = substr($0, 1, 19)
  if (second != last) {
    if (left_out > 0) {
      say(second " [warn] error-log.awk: " left_out " more lines of " last " are left out")
    }
    last = second
    lines = 0
    left_out = 0
  }
  if (++lines > MOST_LINES) {
    left_out++
    next
  }
  # Referer is the last field, and has no end that could be told.
  sub(/, referrer: ".*/, "")
  # A query ends at the next space, as no address holds one.
  if (match($0, /, request: "[^ ]* /)) without_query(", request: \"[^ ]* [^? ]*\\?[^ ]*", RLENGTH, "")
  without_query(", upstream: \"[^? ]*\\?[^ ]*\",", 0, "\",")
  $0 = printable($0)
  say(length($0) > MOST_BYTES ? substr($0, 1, MOST_BYTES) " (cut)" : $0)
}
