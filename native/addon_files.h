// Node-API conversions of the store's file operations. addon.cc documents the JavaScript functions.
#ifndef ZJJ_ADDON_FILES_H_
#define ZJJ_ADDON_FILES_H_

#define NAPI_VERSION 8
#include <napi.h>

namespace zjj {

Napi::Value CopyFileAttributes(const Napi::CallbackInfo& info);
// POSIX only.
Napi::Value CheckFileWrite(const Napi::CallbackInfo& info);
Napi::Value Commit(const Napi::CallbackInfo& info);
Napi::Value Sync(const Napi::CallbackInfo& info);

}  // namespace zjj

#endif  // ZJJ_ADDON_FILES_H_
