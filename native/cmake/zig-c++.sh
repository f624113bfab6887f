#!/bin/sh
# zig-c++.sh ZIG ARGUMENT… is `ZIG c++ ARGUMENT…`, without what zig would first spend minutes on: to link a program, it
# builds the C library; to link at all, libc++, libc++abi and libunwind, for which runtime_stubs.cc stands in.
zig=$1
shift
case " $* " in
  *" -c "*) exec "$zig" c++ "$@" ;;
  # CMake finds out about the compiler from the object as well.
  *CMakeCXXCompilerId.cpp*) exec "$zig" c++ -c "$@" ;;
  # To a compilation this would hide the headers, too.
  *) exec "$zig" c++ -nostdlib++ "$@" ;;
esac
