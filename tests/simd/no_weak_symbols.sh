#!/bin/sh
# Fails when a kernel object defines a symbol that the linker may merge with another object's (weak or unique: an inline
# function or template of a header). Kernels are compiled for instruction sets that the processor may lack, and the
# linker keeps whichever copy it sees first, so such a symbol could put AVX-512 into code that runs everywhere.
# usage: no_weak_symbols.sh NM OBJECT...
nm=$1
shift
[ $# -gt 0 ] || { echo "no kernel objects are given"; exit 1; }
status=0
for object in "$@"; do
  found=$("$nm" --defined-only --format=posix "$object" | awk '$2 ~ /^[wWvVu]$/ {print $1}' | c++filt | grep -v '^DW\.ref\.')
  [ -z "$found" ] && continue
  echo "$object defines:"
  echo "$found" | sed 's/^/  /'
  status=1
done
[ $status -eq 0 ] && echo "$# kernel objects define no weak symbol"
exit $status
