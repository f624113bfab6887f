#!/bin/sh
# zig-c++.sh ZIG ARGUMENT… runs `ZIG c++ ARGUMENT…` without two steps that take zig minutes. To link a program, zig first
# builds the C library. To link anything, it builds libc++, libc++abi and libunwind, which runtime_stubs.cc replaces.
zig=$1
shift
case " $* " in
  *" -c "*) exec "$zig" c++ "$@" ;;
  # CMake can identify the compiler from the object file too.
  *CMakeCXXCompilerId.cpp*) exec "$zig" c++ -c "$@" ;;
  # Only when linking: in a compilation this option would hide the headers too.
  *) exec "$zig" c++ -nostdlib++ "$@" ;;
esac
