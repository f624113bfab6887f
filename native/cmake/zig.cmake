# The toolchain of the prebuilt binaries: zig, which includes every platform's headers and libraries. scripts/prebuild/prebuild.mjs
# passes the settings that differ between platforms:
#   ZJJ_ZIG      the zig program
#   ZJJ_SYSTEM   Linux, Windows or Darwin
#   ZJJ_TARGET   zig's name of the platform, for example x86_64-linux-gnu.2.17
#   ZJJ_CPU      the oldest processor to support, if zig's default requires a newer one
set(CMAKE_SYSTEM_NAME ${ZJJ_SYSTEM})
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZJJ_ZIG ZJJ_SYSTEM ZJJ_TARGET ZJJ_CPU)

# zig sanitizes code that is compiled without optimization, such as CMake's own compiler tests.
set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/zig-c++.sh ${ZJJ_ZIG} -target ${ZJJ_TARGET} -fno-sanitize=undefined)
if(ZJJ_CPU)
  list(APPEND CMAKE_CXX_COMPILER -mcpu=${ZJJ_CPU})
endif()
# CMake's compiler tests build a library and link no program. CMake therefore cannot find out that -pthread is needed.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Not CMAKE_CXX_FLAGS, which cmake-js sets. The prefix map keeps the build folder out of the binary.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "")

# An ELF link accepts missing symbols, because the host provides Node-API. test/native/prebuilds.test.ts checks that
# nothing else is missing.
set(ZJJ_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/runtime_stubs.cc)

if(ZJJ_TARGET MATCHES "-linux-gnu")
  list(APPEND ZJJ_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/glibc_stat.cc)
  add_link_options(-pthread)
elseif(ZJJ_SYSTEM STREQUAL "Windows")
  list(APPEND ZJJ_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/node_api_win32.cc)
  # The Node-API functions are in the same binary, so they must not be called as imports.
  add_compile_definitions(NAPI_EXTERN=)
elseif(ZJJ_SYSTEM STREQUAL "Darwin")
  # CMake would look for Apple's own tools. The build needs none of them.
  set(CMAKE_INSTALL_NAME_TOOL true)
  set(CMAKE_OSX_SYSROOT "")
  add_link_options(-undefined dynamic_lookup -Wl,-dead_strip -s)
endif()
