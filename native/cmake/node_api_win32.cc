// The Node-API functions for the prebuilt Windows binaries. Importing them from node.exe would fail in every program
// with another name, such as Electron. node-gyp avoids that with delayed imports, which zig's linker lacks. So each
// function is a jump to an address in the host program that DllMain looks up.

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

// The functions that the addon calls. If one is missing here, the link fails and names it.
#define NODE_API_FUNCTIONS(X)          \
  X(napi_add_env_cleanup_hook)         \
  X(napi_call_function)                \
  X(napi_call_threadsafe_function)     \
  X(napi_close_handle_scope)           \
  X(napi_create_array_with_length)     \
  X(napi_create_double)                \
  X(napi_create_int32)                 \
  X(napi_create_error)                 \
  X(napi_create_function)              \
  X(napi_create_object)                \
  X(napi_create_reference)             \
  X(napi_create_string_utf8)           \
  X(napi_create_threadsafe_function)   \
  X(napi_create_type_error)            \
  X(napi_define_properties)            \
  X(napi_delete_reference)             \
  X(napi_fatal_error)                  \
  X(napi_get_and_clear_last_exception) \
  X(napi_get_boolean)                  \
  X(napi_get_cb_info)                  \
  X(napi_get_instance_data)            \
  X(napi_get_last_error_info)          \
  X(napi_get_property)                 \
  X(napi_get_reference_value)          \
  X(napi_get_undefined)                \
  X(napi_get_value_bool)               \
  X(napi_get_value_double)             \
  X(napi_get_value_int32)              \
  X(napi_get_value_string_utf8)        \
  X(napi_get_value_uint32)             \
  X(napi_has_property)                 \
  X(napi_is_exception_pending)         \
  X(napi_open_handle_scope)            \
  X(napi_ref_threadsafe_function)      \
  X(napi_set_element)                  \
  X(napi_set_instance_data)            \
  X(napi_set_named_property)           \
  X(napi_throw)                        \
  X(napi_throw_error)                  \
  X(napi_typeof)                       \
  X(napi_unref_threadsafe_function)

#if defined(__x86_64__)
#define JUMP(name) "jmp *zjj_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name) "adrp x16, zjj_" #name "\n ldr x16, [x16, :lo12:zjj_" #name "]\n br x16\n"
#endif

#define DEFINE(name)             \
  extern "C" FARPROC zjj_##name; \
  FARPROC zjj_##name;            \
  asm(".globl " #name "\n .p2align 2\n" #name ": " JUMP(name));

NODE_API_FUNCTIONS(DEFINE)

namespace {

struct Function {
  const char* name;
  FARPROC* address;
};

#define ENTRY(name) {#name, &zjj_##name},
constexpr Function kFunctions[] = {NODE_API_FUNCTIONS(ENTRY)};

bool FindFunctions() {
  // libnode.dll: Node.js built as a library.
  HMODULE host = GetModuleHandleW(L"libnode.dll");
  if (host == nullptr) host = GetModuleHandleW(nullptr);
  for (const Function& function : kFunctions) {
    *function.address = GetProcAddress(host, function.name);
    if (*function.address == nullptr) return false;
  }
  return true;
}

}  // namespace

// Returning FALSE makes the load fail, as a missing import would.
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  return reason != DLL_PROCESS_ATTACH || FindFunctions() ? TRUE : FALSE;
}
