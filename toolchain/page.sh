#!/bin/sh
# Puts the status page together and writes it as strings into a header, cut where something is filled in at run time:
# page.sh HEADER DIRECTORY (with page.html, page.css and page.js). Indentation, empty lines and lines that are comments
# stay behind. The policy names style and script by their hashes, so that nothing else in the page can be either.
set -eu
header=$1
place=$2

shorter() {
  awk '{ sub(/^[ \t]+/, "") }
    inside { if (/\*\/$/) inside = 0; next }
    /^\/\*/ { if (!/\*\/$/) inside = 1; next }
    /^\/\// || /^$/ { next }
    { print }' "$1"
}
# SHA-256 in base64, without openssl.
hash_of() {
  bytes=$(printf %s "$1" | sha256sum | awk '
    function value(digit) { return index("0123456789abcdef", digit) - 1 }
    { for (i = 1; i < 64; i += 2) printf "\\%03o", 16 * value(substr($1, i, 1)) + value(substr($1, i + 1, 1)) }')
  # shellcheck disable=SC2059  # the format is the bytes
  printf "$bytes" | base64
}

CSS=$(shorter "$place/page.css")
JS=$(shorter "$place/page.js")
POLICY="default-src 'none'; style-src 'sha256-$(hash_of "$CSS")'; script-src 'sha256-$(hash_of "$JS")'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'"
export CSS JS POLICY

mkdir -p "$(dirname "$header")"
awk '
  # Not by gsub(), to which & and \ mean something.
  function fill(word, text,   at) {
    at = index(page, word)
    if (!at) { print "page: page.html has no " word > "/dev/stderr"; failed = 1; return }
    page = substr(page, 1, at - 1) text substr(page, at + length(word))
  }
  function part(name, word,   at) {
    at = word == "" ? length(page) + 1 : index(page, word)
    if (!at) { print "page: page.html has no " word > "/dev/stderr"; failed = 1; return }
    printf "inline constexpr char %s[] = R\"~~(%s)~~\";\n", name, substr(page, 1, at - 1)
    page = substr(page, at + length(word))
  }
  { page = page $0 "\n" }
  END {
    fill("@POLICY@", ENVIRON["POLICY"]); fill("@CSS@", ENVIRON["CSS"]); fill("@JS@", ENVIRON["JS"])
    print "// Written by toolchain/page.sh from firmware/page/page.html, page.css and page.js."
    print "#pragma once"
    print ""
    print "namespace bondbox::page {"
    part("before_title", "@TITLE@"); part("before_json", "@JSON@"); part("before_notice", "@NOTICE@")
    part("before_main", "@MAIN@"); part("after_main", "")
    printf "inline constexpr char policy_text[] = R\"~~(%s)~~\";\n", ENVIRON["POLICY"]
    print "}  // namespace bondbox::page"
    exit failed
  }' "$place/page.html" > "$header.new"
mv "$header.new" "$header"
