// The arguments of a call, read so that nothing can throw or abort.
#ifndef ZJJ_ADDON_ARGUMENTS_H_
#define ZJJ_ADDON_ARGUMENTS_H_

#define NAPI_VERSION 8
#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace zjj {

constexpr size_t kPathSize = 4096 + 1;

// A worker that is being terminated may still be in the middle of a call, and then most of Node-API fails, at which
// node-addon-api's conversions would abort the process. So arguments are read, errors made and the callback called by
// the plain functions, and what they cannot do then is left undone: nobody is there to see it.

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

// UTF-8 in `buffer`; false when it is no string, or may have been too long.
inline bool StringAt(const Napi::CallbackInfo& info, size_t index, char* buffer, size_t size) {
  size_t length = 0;
  buffer[0] = '\0';
  return napi_get_value_string_utf8(info.Env(), info[index], buffer, size, &length) == napi_ok && length < size - 1;
}

}  // namespace zjj

#endif  // ZJJ_ADDON_ARGUMENTS_H_
