# Reads the credentials of remote-metrics.conf and writes nginx' files `users` and `tokens` into -v directory=PATH. A line of the
# credentials is NAME:HASH, as `openssl passwd -6` makes the hash, or "Bearer TOKEN". Messages show no part of a line, only its number.
BEGIN {
  SHORTEST_TOKEN = 20
  printf "" >(directory "/users")
  printf "" >(directory "/tokens")
}

{ sub(/\r$/, "") }

/^(#.*)?$/ { next }

/^Bearer [A-Za-z0-9._~+\/-]+=*$/ {
  if (length($2) < SHORTEST_TOKEN) refuse("the token has fewer than " SHORTEST_TOKEN " characters")
  # A regex, because nginx compares strings without case.
  gsub(/[.+]/, "\\\\&")
  printf "\"~^%s\\z\" off;\n", $0 >(directory "/tokens")
  credentials++
  next
}

/^[A-Za-z0-9._@-]+:\$[A-Za-z0-9]+\$[A-Za-z0-9.\/$=]+$/ {
  print >(directory "/users")
  credentials++
  next
}

{ refuse("expected NAME:HASH or Bearer TOKEN") }

END {
  if (!refused && !credentials) {
    print "error: METRICS_CREDENTIALS contains no credentials" >"/dev/stderr"
    exit 1
  }
}

function refuse(why) {
  print "error: METRICS_CREDENTIALS, line " NR ": " why >"/dev/stderr"
  refused = 1
  exit 1
}
