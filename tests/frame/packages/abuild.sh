#!/bin/sh
# Plays abuild's part for an APKBUILD, as far as board/packages/alpine needs it: abuild.sh DIRECTORY OUT
# Shows what is set, runs the steps in order, then those of the subpackages that have a function of their own.
set -eu
startdir=$1
out=$2
srcdir=$out/src
pkgdir=$out/pkg
CXXFLAGS= LDFLAGS=
default_prepare() { :; }
mkdir -p "$srcdir" "$pkgdir"
# shellcheck disable=SC1091
. "$startdir/APKBUILD"
: "${pkgname:?}" "${pkgver:?}" "${pkgrel:?}" "${pkgdesc:?}" "${url:?}" "${arch:?}" "${license:?}" "${makedepends:?}"
echo "$pkgname-$pkgver-r$pkgrel"
prepare
cd "$builddir"
build
package
for subpackage in $subpackages; do
  function=$(echo "$subpackage" | cut -d : -f 2)
  case $subpackage in *:*) ;; *) continue ;; esac
  subpkgdir=$out/$function
  mkdir -p "$subpkgdir"
  "$function"
done
