// Reads the arguments of a call without ever throwing or aborting.
#ifndef ZJJ_ADDON_ARGUMENTS_H_
#define ZJJ_ADDON_ARGUMENTS_H_

#define NAPI_VERSION 8
#include <napi.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace zjj {

constexpr size_t kPathSize = 4096 + 1;

// A worker that is being terminated can still be in the middle of a call. Most of Node-API then fails, and
// node-addon-api's conversions would abort the process. So the addon reads arguments, creates errors and calls the
// callback with the plain C functions, and ignores their failures. Nobody is left to see the result.

// Returns 0 for NaN and for anything but a number.
inline double NumberAt(const Napi::CallbackInfo& info, size_t index) {
  double value = 0;
  napi_get_value_double(info.Env(), info[index], &value);
  return std::isnan(value) ? 0 : value;
}

// Returns `otherwise` unless the argument is a whole number that the type can hold. napi_get_value_int32 would make the
// index 0 of NaN, 0.5 and 2^32.
template <typename Integer>
Integer IntegerAt(const Napi::CallbackInfo& info, size_t index, Integer otherwise) {
  double value = 0;
  if (napi_get_value_double(info.Env(), info[index], &value) != napi_ok) return otherwise;
  bool fits = value >= static_cast<double>(std::numeric_limits<Integer>::min()) &&
              value <= static_cast<double>(std::numeric_limits<Integer>::max());
  if (!fits) return otherwise;
  auto whole = static_cast<Integer>(value);
  // Not trunc(), which needs the mathematics library.
  return static_cast<double>(whole) == value ? whole : otherwise;
}

// No lock, task or descriptor has the number -1.
inline int32_t IndexAt(const Napi::CallbackInfo& info, size_t index) { return IntegerAt<int32_t>(info, index, -1); }

inline uint32_t UnsignedAt(const Napi::CallbackInfo& info, size_t index) { return IntegerAt<uint32_t>(info, index, 0); }

// chown(2) leaves an owner of -1 as it is.
inline uint32_t OwnerAt(const Napi::CallbackInfo& info, size_t index) {
  return IntegerAt<uint32_t>(info, index, UINT32_MAX);
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
