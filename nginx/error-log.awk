# Filters the error log of nginx: removes query strings and Referer, escapes control bytes, limits lines and their length. run-nginx
# starts it.
BEGIN {
  # Lines in one second. Further ones are counted, and their number is logged before the next line.
  MOST_LINES = 20
  # nginx writes at most 2048 bytes; an escaped byte takes four.
  MOST_BYTES = 2048
  for (i = 0; i < 256; i++) code[sprintf("%c", i)] = i
}

# Escapes everything except printable ASCII, such as \x1b, because terminals execute escape sequences.
function printable(text,   out, i, byte) {
  if (text !~ /[^ -~]/) return text
  out = ""
  for (i = 1; i <= length(text); i++) {
    byte = substr(text, i, 1)
    out = out (byte ~ /[ -~]/ ? byte : sprintf("\\x%02x", code[byte]))
  }
  return out
}

# Writes a line in one call, so it does not mix with lines of other processes.
function say(line) {
  printf "%s", line "\n"
  fflush()
}

# Removes the query string from the first match of a pattern: from its first ? after `skip` bytes to the end, which `ending` replaces.
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
      say(second " [warn] error-log.awk: " left_out " more lines of " last " not logged")
    }
    last = second
    lines = 0
    left_out = 0
  }
  if (++lines > MOST_LINES) {
    left_out++
    next
  }
  # Referer is the last field. Its end cannot be found, because it may contain quotes.
  sub(/, referrer: ".*/, "")
  # A query string ends at the next space, because a request target contains none.
  if (match($0, /, request: "[^ ]* /)) without_query(", request: \"[^ ]* [^? ]*\\?[^ ]*", RLENGTH, "")
  without_query(", upstream: \"[^? ]*\\?[^ ]*\",", 0, "\",")
  $0 = printable($0)
  say(length($0) > MOST_BYTES ? substr($0, 1, MOST_BYTES) " (cut)" : $0)
}
