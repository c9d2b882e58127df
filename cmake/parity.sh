#!/bin/sh
# Fails, naming the symbols, when a feature (first library) and its stub (second) export different functions. Type information is
# left out: that of an interface comes out wherever it is implemented.
exports() {
  nm -D --defined-only --format=posix "$1" | awk '$2 ~ /^[TDBRVW]$/ {print $1}' |
    grep -v '^_ZT[IS]' | grep -E '^_Z[A-Z]*N?K?6libabi|^_ZTVN?6libabi|^abi_' | c++filt | sort -u
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
exports "$1" >"$dir/real"
exports "$2" >"$dir/stub"
[ -s "$dir/real" ] || { echo "no exported symbols found in $1"; exit 1; }
if diff "$dir/real" "$dir/stub" >"$dir/diff"; then
  echo "$(wc -l <"$dir/real") exported symbols agree"
else
  echo "exported by one side only (< the feature, > its stub):"
  grep '^[<>]' "$dir/diff"
  exit 1
fi
