#!/bin/sh
# Writes bondbox.8 and bondbox.toml.5 into OUT from what the program says of itself, so that they cannot differ from it,
# and from board/man/*.in, which holds the rest: man.sh BONDBOX OUT
set -eu
bondbox=$1
out=$2
here=$(dirname "$0")/../board/man
mkdir -p "$out"

# Help text as mdoc(7): paragraphs with a sentence a line, what is indented as it stands.
to_mdoc() {
  awk '
    function escaped(text) { gsub(/\\/, "\\e", text); if (text ~ /^[.'"'"']/) text = "\\\&" text; return text }
    function say(text) {
      while (length(text) > 76) {
        cut = 76
        while (cut > 0 && substr(text, cut, 1) != " ") --cut
        if (cut == 0) break
        print escaped(substr(text, 1, cut - 1))
        text = substr(text, cut + 1)
      }
      if (text != "") print escaped(text)
    }
    function paragraph() {
      if (words == "") return
      if (begun++) print ".Pp"
      while (match(words, /[.:?] /)) { say(substr(words, 1, RSTART)); words = substr(words, RSTART + 2) }
      say(words)
      words = ""
    }
    function example_ends() { if (literal) print ".Ed"; literal = 0 }
    /^  / { paragraph(); if (!literal) print ".Bd -literal -offset indent"; literal = 1; begun = 1; print escaped(substr($0, 3)); next }
    /^$/ { paragraph(); example_ends(); next }
    { example_ends(); words = words (words == "" ? "" : " ") $0 }
    END { paragraph(); example_ends() }'
}

commands() { "$bondbox" help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'; }
# Usage lines, their first words taken off.
usage_of() { "$bondbox" help "$1" | sed -n '1,/^$/s/^\(usage:\|      \) \(bondbox .*\)/\2/p'; }
details_of() { "$bondbox" help "$1" | awk 'blank { print } /^$/ { blank = 1 }'; }

command_sections() {
  for command in $(commands); do
    echo ".It Cm $command"
    echo ".Bd -literal -compact"
    usage_of "$command"
    echo ".Ed"
    echo ".Pp"
    details_of "$command" | awk 'NR == 1 { print toupper(substr($0, 1, 1)) substr($0, 2) "."; next } { print }' | to_mdoc
  done
}

# What a file has beside options stands behind them, and in the page by itself.
options() { "$bondbox" help options | sed -n '/^Modes:/q; s/^  \([a-z0-9_]*\)  .*/\1/p'; }

# A sentence of what it is, and one of its values, unit, default and modes.
option_sections() {
  for option in $(options); do
    "$bondbox" help "$option" | awk '
      function capital(text) { return toupper(substr(text, 1, 1)) substr(text, 2) }
      NR == 1 { name = $1; sub(/:$/, "", name); sub(/^[^ ]* /, ""); printf ".It Ic %s\n", name; text = capital($0) "."; next }
      { sub(/^  */, ""); facts = facts (facts == "" ? "" : "; ") $0 }
      END { gsub(/: /, "\001", facts); print text "\n\n" capital(facts) "." }' | {
        read -r head
        echo "$head"
        to_mdoc | sed -e '/^\.Pp$/d' -e "s/$(printf '\001')/: /g"
      }
  done
}

# @COMMANDS@ and @OPTIONS@ are lines of their own.
page() {
  while IFS= read -r line; do
    case $line in
      @COMMANDS@) command_sections ;;
      @OPTIONS@) option_sections ;;
      *) printf '%s\n' "$line" ;;
    esac
  done < "$here/$1.in" > "$out/$1"
}
page bondbox.8
page bondbox.toml.5
