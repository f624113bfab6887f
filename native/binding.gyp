# The build of node-gyp, for users who compile an installed package. CMakeLists.txt is the build of cmake-js: local builds
# and the prebuilt binaries. Both list the same sources and flags.
{
  "targets": [
    {
      "target_name": "zjj",
      "sources": [
        "addon.cc",
        "addon_environment.cc",
        "addon_files.cc",
        "lock/file_lock.cc",
        "lock/lock_record.cc",
        "table/blocking_wait.cc",
        "table/deadlock_check.cc",
        "table/idle_lock.cc",
        "table/lock_handles.cc",
        "table/lock_table.cc",
        "table/parked_thread.cc",
        "wait/wait_thread.cc"
      ],
      "include_dirs": [".", "<!(node -p \"require('fs').existsSync('headers') ? 'headers/include/node' : require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "_FILE_OFFSET_BITS=64"],
      "cflags": ["-Wall", "-Wextra", "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
        "GCC_ENABLE_CPP_RTTI": "NO",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0"
      },
      "msvs_settings": {
        "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"], "ExceptionHandling": 0 }
      },
      "conditions": [
        ["OS == 'win'", {
          "sources": [
            "file/file_attributes_win32.cc",
            "lock/file_lock_win32.cc",
            "platform/platform_win32.cc",
            "wait/wait_thread_win32.cc"
          ]
        }, {
          "sources": [
            "file/file_access_posix.cc",
            "file/file_commit_posix.cc",
            "file/file_sync_posix.cc",
            "lock/file_lock_posix.cc",
            "platform/platform_posix.cc",
            "wait/wait_thread_posix.cc"
          ]
        }],
        ["OS == 'linux'", { "sources": ["file/file_attributes_linux.cc"] }],
        ["OS == 'mac'", { "sources": ["file/file_attributes_darwin.cc"] }],
        ["OS != 'win' and OS != 'linux' and OS != 'mac'", { "sources": ["file/file_attributes_other.cc"] }],
        ["OS != 'win' and OS != 'mac'", { "ldflags": ["-pthread"] }],
        ["OS != 'win' and OS != 'mac' and OS != 'aix'", { "ldflags": ["-Wl,-z,nodelete"] }],
        ["OS == 'linux'", {
          "ldflags": [
            "-Wl,--gc-sections",
            "-Wl,--version-script=<!(node -p \"process.cwd()\")/exports.map"
          ]
        }]
      ]
    }
  ]
}
