#!/bin/sh
# prebuildify runs this instead of node-gyp, in the folder where it then looks for build/Release/*.node. It passes
# node-gyp's arguments, which are not needed: scripts/prebuild/prebuild.mjs puts the settings into the environment.
exec "$ZJJ_ROOT/node_modules/.bin/cmake-js" compile --directory "$ZJJ_ROOT" --out "$PWD/build" --log-level warn \
  "--CDCMAKE_TOOLCHAIN_FILE=$ZJJ_ROOT/native/cmake/zig.cmake" \
  "--CDZJJ_ZIG=$ZJJ_ZIG" "--CDZJJ_SYSTEM=$ZJJ_SYSTEM" "--CDZJJ_TARGET=$ZJJ_TARGET" "--CDZJJ_CPU=$ZJJ_CPU"
