# What node-gyp builds for whoever compiles an installed package; CMakeLists.txt beside it is what cmake-js builds. Both
# name the same sources and flags.
{
  "targets": [
    {
      "target_name": "zjj",
      "sources": ["addon.cc", "addon_files.cc", "file_lock.cc", "lock_record.cc", "lock_table.cc", "wait_thread.cc"],
      "include_dirs": ["<!(node -p \"require('fs').existsSync('headers') ? 'headers/include/node' : require('node-addon-api').include_dir\")"],
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
        ["OS == 'win'", { "sources": ["file_attributes_win32.cc", "file_lock_win32.cc", "wait_thread_win32.cc"] },
                        { "sources": ["file_attributes_posix.cc", "file_commit_posix.cc", "file_lock_posix.cc", "wait_thread_posix.cc"] }],
        ["OS == 'linux'", {
          "ldflags": [
            "-pthread",
            "-Wl,-z,nodelete",
            "-Wl,--gc-sections",
            "-Wl,--version-script=<!(node -p \"process.cwd()\")/exports.map"
          ]
        }]
      ]
    }
  ]
}
