# Converts docs/reference/alerts.md to the page that alerts link to: awk -f runbooks.awk alerts.md. It converts headings, paragraphs,
# list items, code, emphasis and links. Links to other files of the repository become their paths, because nginx does not serve these.
BEGIN {
  tag = "p"
  print "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">"
  print "<title>Runbooks of alerts</title>\n<body>"
}

/^```/ { flush(); is_code = !is_code; print is_code ? "<pre>" : "</pre>"; next }
is_code { print escaped($0); next }

/^#+ / {
  flush()
  level = index($0, " ") - 1
  heading = substr($0, level + 2)
  printf "<h%d id=\"%s\">%s</h%d>\n", level, anchor(heading), inline(heading), level
  next
}
/^- / { flush(); tag = "li"; text = substr($0, 3); next }
/^[ \t]*$/ { flush(); next }
{ text = text (text == "" ? "" : " ") $0 }

END { flush() }

function flush() {
  if (text != "") printf "<%s>%s</%s>\n", tag, inline(text), tag
  text = ""
  tag = "p"
}

function escaped(s) {
  gsub(/&/, "\\&amp;", s)
  gsub(/</, "\\&lt;", s)
  gsub(/>/, "\\&gt;", s)
  gsub(/"/, "\\&quot;", s)
  return s
}

# GitHub's rule: lower case, without punctuation, hyphens for spaces.
function anchor(s) {
  s = tolower(s)
  gsub(/[^a-z0-9 _-]/, "", s)
  gsub(/ /, "-", s)
  return s
}

function inline(s) {
  return with_marks(escaped(s))
}

# A nested call changes RSTART and RLENGTH, so they are read before it.
function with_marks(s,    out, span) {
  while (match(s, /`[^`]*`|\[[^]]*\]\([^)]*\)|\*+[^*]+\*+/)) {
    out = out substr(s, 1, RSTART - 1)
    span = substr(s, RSTART, RLENGTH)
    s = substr(s, RSTART + RLENGTH)
    out = out marked(span)
  }
  return out s
}

function marked(s,    middle, target) {
  if (s ~ /^`/) return "<code>" substr(s, 2, length(s) - 2) "</code>"
  if (s ~ /^\*\*/) return "<strong>" substr(s, 3, length(s) - 4) "</strong>"
  if (s ~ /^\*/) return "<em>" substr(s, 2, length(s) - 2) "</em>"
  middle = index(s, "](")
  target = substr(s, middle + 2, length(s) - middle - 2)
  s = with_marks(substr(s, 2, middle - 2))
  if (target ~ /^(#|https?:)/) return "<a href=\"" target "\">" s "</a>"
  if (!sub(/^\.\.\/\.\.\//, "", target)) if (!sub(/^\.\.\//, "docs/", target)) target = "docs/reference/" target
  return s " (<code>" target "</code>)"
}
