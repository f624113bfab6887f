// Node-API conversions of what the store does with files. addon.cc says how JavaScript calls them.
#ifndef ZJJ_ADDON_FILES_H_
#define ZJJ_ADDON_FILES_H_

#define NAPI_VERSION 8
#include <napi.h>

#include "lock_table.h"

namespace zjj {

Napi::Value CopyFileAttributes(const Napi::CallbackInfo& info);
// Not on Windows.
Napi::Value Commit(const Napi::CallbackInfo& info);

// The locks of a call's environment, or null before setup(). In addon.cc.
LockTable* LocksOf(Napi::Env env);

}  // namespace zjj

#endif  // ZJJ_ADDON_FILES_H_
