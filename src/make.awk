# The targets of a Makefile that have a comment with "##", one on a line; with -v wanted=word, the one that somebody probably meant.
function least(a, b) { return a < b ? a : b }
function distance(a, b,   i, j, far, d) {
  for (i = 0; i <= length(a); i++) d[i, 0] = i
  for (j = 0; j <= length(b); j++) d[0, j] = j
  for (i = 1; i <= length(a); i++)
    for (j = 1; j <= length(b); j++) {
      far = substr(a, i, 1) != substr(b, j, 1)
      d[i, j] = least(least(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + far)
      if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
        d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
    }
  return d[length(a), length(b)]
}
/^[a-z][a-z0-9_-]*:.*## / {
  name = $0; sub(/:.*/, "", name)
  text = $0; sub(/.*## /, "", text)
  if (wanted == "") printf "  make %-10s %s\n", name, text
  else if (nearest == "" || distance(wanted, name) < distance(wanted, nearest)) nearest = name
}
END {
  if (wanted == "") exit
  if (distance(wanted, nearest) * 3 <= length(wanted) + 1) printf "make has no target %s. Did you mean %s?\n", wanted, nearest
  else printf "make has no target %s.\n", wanted
  print "make help lists all of them."
}
