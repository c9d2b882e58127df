#!/bin/sh
# Looks at what a shared library (and, when given, its static sister) shows to the program that links it: exports are
# abi_* or libabi:: alone, nothing that ends the process is imported, and the soname is the expected one.
# usage: symbols.sh SHARED SONAME [STATIC]
set -eu
shared=$1 soname=$2 static=${3:-}
ours='^(abi_|(vtable for |typeinfo for |typeinfo name for |VTT for |guard variable for |(non-)?virtual thunk to )?libabi::)'
# A call that ends the host, and the checks of the C and C++ libraries that end in one. std::terminate is not among them: it
# stands inline in the destructor of std::thread, for a thread that was not joined.
deadly='abort|exit|_exit|_Exit|quick_exit|raise|kill|__assert|__assert_fail|__assert_perror_fail'
deadly="^($deadly|_ZSt21__glibcxx_assert_failPKciS0_S0_)(@.*)?\$"
status=0
for library in "$shared" ${static:+"$static"}; do
  [ -f "$library" ] || { echo "there is no $library"; exit 1; }
done

complain() {  # complain WORD: prints each line of the input behind WORD
  found=$(cat)
  [ -z "$found" ] && return
  printf '%s\n' "$found" | sed "s/^/$1 /"
  status=1
}

complain "exports" <<LIST
$(nm -D --defined-only --format=posix "$shared" | awk '$2 != "A" {print $1}' | c++filt | grep -Ev "$ours" || true)
LIST
complain "imports" <<LIST
$(nm -D --undefined-only --format=posix "$shared" | awk '{print $1}' | grep -E "$deadly" || true)
LIST
if [ -n "$static" ]; then
  # Weak symbols of an archive are merged with the host's equal ones; strong ones could collide with its own.
  complain "archive defines" <<LIST
$(nm --defined-only --extern-only --format=posix "$static" | awk '$2 ~ /^[TDBRC]$/ {print $1}' | c++filt |
    grep -Ev "$ours" || true)
LIST
fi
found=$(readelf -d "$shared" | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p')
[ "$found" = "$soname" ] || { echo "soname is '$found', expected '$soname'"; status=1; }
[ $status -eq 0 ] && echo "$(nm -D --defined-only "$shared" | wc -l) exported symbols are ours, and no import can end the host"
exit $status
