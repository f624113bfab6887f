# The toolchain of the prebuilt binaries: zig, which brings every platform's headers and libraries. What differs between
# platforms is passed by scripts/prebuild.mjs:
#   ZJJ_ZIG      the zig program
#   ZJJ_SYSTEM   Linux, Windows or Darwin
#   ZJJ_TARGET   what zig calls the platform, as in x86_64-linux-gnu.2.17
#   ZJJ_CPU      the least processor that must do, where zig's own default asks for more
set(CMAKE_SYSTEM_NAME ${ZJJ_SYSTEM})
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZJJ_ZIG ZJJ_SYSTEM ZJJ_TARGET ZJJ_CPU)

# zig sanitizes whatever is compiled without optimization, such as CMake's own tests of the compiler.
set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/zig-c++.sh ${ZJJ_ZIG} -target ${ZJJ_TARGET} -fno-sanitize=undefined)
if(ZJJ_CPU)
  list(APPEND CMAKE_CXX_COMPILER -mcpu=${ZJJ_CPU})
endif()
# A test is a library, so no program is linked; so whether -pthread is needed cannot be tested either.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Not CMAKE_CXX_FLAGS, which cmake-js sets. The map keeps the folder of the build out of the bytes.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "")

# An ELF link lets symbols be missing, since the host has those of Node-API: test/native/prebuilds.test.ts looks for any
# other.
set(ZJJ_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/runtime_stubs.cc)

if(ZJJ_TARGET MATCHES "-linux-gnu")
  list(APPEND ZJJ_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/glibc_stat.cc)
  add_link_options(-pthread)
elseif(ZJJ_SYSTEM STREQUAL "Windows")
  list(APPEND ZJJ_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/node_api_win32.cc)
  # Its functions are in the same binary, so not to be called as imports.
  add_compile_definitions(NAPI_EXTERN=)
elseif(ZJJ_SYSTEM STREQUAL "Darwin")
  # CMake looks for Apple's own tools; none of what it would do with them is wanted.
  set(CMAKE_INSTALL_NAME_TOOL true)
  set(CMAKE_OSX_SYSROOT "")
  add_link_options(-undefined dynamic_lookup -Wl,-dead_strip -s)
endif()
