#!/bin/sh
# What an installed abi must do for those who use it; one step a ctest.
# usage: install_test.sh STEP [KIND], with CMAKE, CXX, PKG_CONFIG, SOURCE, BUILD, LIBDIR and VERSION in the environment
#   prepare              installs into a scratch prefix and moves it, so that nothing below can rely on where it was
#   cmake KIND           ten lines of CMake with find_package(abi CONFIG), built and run
#   pkgconfig KIND       the same program by one compiler call with pkg-config
#   paths                no installed file names the folders that it was built in or installed to
#   program              the moved program finds its library, and the model was installed
set -eu
step=$1 kind=${2:-}
scratch=$BUILD/install-test
tree=$scratch/moved

expect_output() {
  printf '%s\n' "$1"
  case $1 in
    "abi $VERSION, vdb "*": nothing is not in this build of abi") ;;
    *) echo "not what the consumer should print"; exit 1 ;;
  esac
}

case $step in
  prepare)
    rm -rf "$scratch"
    "$CMAKE" --install "$BUILD" --prefix "$scratch/first" >/dev/null
    mv "$scratch/first" "$tree"
    ;;
  cmake)
    rm -rf "$scratch/cmake-$kind"
    "$CMAKE" -S "$SOURCE/tests/install/consumer" -B "$scratch/cmake-$kind" -G Ninja -DCMAKE_CXX_COMPILER="$CXX" \
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$tree" -DABI_KIND="$kind"
    "$CMAKE" --build "$scratch/cmake-$kind"
    expect_output "$("$scratch/cmake-$kind/consumer" 2>&1 | tail -1)"
    ;;
  pkgconfig)
    package=abi
    [ "$kind" = static ] && package=abi-static
    flags=$(PKG_CONFIG_PATH="$tree/$LIBDIR/pkgconfig" "$PKG_CONFIG" --cflags --libs "$package")
    # The flags are words by design.
    # shellcheck disable=SC2086
    "$CXX" -std=c++23 "$SOURCE/tests/install/consumer/main.cpp" $flags -o "$scratch/pkgconfig-$kind"
    expect_output "$(LD_LIBRARY_PATH="$tree/$LIBDIR" "$scratch/pkgconfig-$kind" 2>&1 | tail -1)"
    ;;
  paths)
    if grep -rlF -e "$BUILD" -e "$SOURCE" -e "$scratch/first" "$tree"; then
      echo "the files above name a folder of this machine"
      exit 1
    fi
    ;;
  program)
    "$tree/bin/abi" list
    text=$("$tree/bin/abi" run -m "$tree/share/abi/models/stories.gguf" -p "Once upon a time" -n 8 --seed 1)
    printf '%s\n' "$text"
    [ -n "$text" ]
    ;;
  *) echo "unknown step '$step'"; exit 2 ;;
esac
