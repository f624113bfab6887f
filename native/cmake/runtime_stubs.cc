// The C++ runtime of the prebuilt binaries: all that the addon needs of one. libc++abi and libunwind would be three
// quarters of the file, for exceptions that nothing here throws.

#include <cstdlib>
#include <new>
#include <string>

#if defined(__APPLE__)
// What libc++ calls in the place of an exception.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) { abort(); }
_LIBCPP_END_NAMESPACE_STD
#endif

// libc++ declares these members `extern template`: they would come from its archive, which throws.
template class std::basic_string<char>;

const std::nothrow_t std::nothrow;

void* operator new(std::size_t size) {
  void* memory = malloc(size);
  if (memory == nullptr) abort();
  return memory;
}

void* operator new[](std::size_t size) { return operator new(size); }

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }

void operator delete(void* memory) noexcept { free(memory); }

void operator delete[](void* memory) noexcept { free(memory); }

void operator delete(void* memory, std::size_t) noexcept { free(memory); }
