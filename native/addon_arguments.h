// Reads the arguments of a call without ever throwing or aborting.
#ifndef ZJJ_ADDON_ARGUMENTS_H_
#define ZJJ_ADDON_ARGUMENTS_H_

#define NAPI_VERSION 8
#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace zjj {

constexpr size_t kPathSize = 4096 + 1;

// A worker that is being terminated can still be in the middle of a call. Most of Node-API then fails, and
// node-addon-api's conversions would abort the process. So the addon reads arguments, creates errors and calls the
// callback with the plain C functions, and ignores their failures. Nobody is left to see the result.

inline int32_t IntegerAt(const Napi::CallbackInfo& info, size_t index) {
  int32_t value = -1;
  napi_get_value_int32(info.Env(), info[index], &value);
  return value;
}

inline uint32_t UnsignedAt(const Napi::CallbackInfo& info, size_t index) {
  uint32_t value = 0;
  napi_get_value_uint32(info.Env(), info[index], &value);
  return value;
}

inline double NumberAt(const Napi::CallbackInfo& info, size_t index) {
  double value = 0;
  napi_get_value_double(info.Env(), info[index], &value);
  return value;
}

inline bool BooleanAt(const Napi::CallbackInfo& info, size_t index) {
  bool value = false;
  napi_get_value_bool(info.Env(), info[index], &value);
  return value;
}

// Copies a string into `buffer` as UTF-8. Returns false if the argument is not a string, or fills the buffer and may
// have been cut.
inline bool StringAt(const Napi::CallbackInfo& info, size_t index, char* buffer, size_t size) {
  size_t length = 0;
  buffer[0] = '\0';
  return napi_get_value_string_utf8(info.Env(), info[index], buffer, size, &length) == napi_ok && length < size - 1;
}

}  // namespace zjj

#endif  // ZJJ_ADDON_ARGUMENTS_H_
