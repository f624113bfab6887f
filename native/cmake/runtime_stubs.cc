// The C++ runtime of the prebuilt binaries, reduced to what the addon needs. libc++abi and libunwind would make up
// three quarters of the file, for exceptions that nothing here throws.

#include <cstdlib>
#include <new>
#include <string>

#if defined(__APPLE__)
// libc++ calls this instead of throwing an exception.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) { abort(); }
_LIBCPP_END_NAMESPACE_STD
#endif

// libc++ declares these members `extern template`. Its archive has them, but that copy throws.
template class std::basic_string<char>;

// The compiler puts it into the table of an abstract class. Nothing calls it.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" [[noreturn]] void __cxa_pure_virtual() { abort(); }

// Aborts when out of memory, so the addon never checks.
void* operator new(std::size_t size) {
  void* memory = malloc(size);
  if (memory == nullptr) abort();
  return memory;
}

void* operator new[](std::size_t size) { return operator new(size); }

void operator delete(void* memory) noexcept { free(memory); }

void operator delete[](void* memory) noexcept { free(memory); }

void operator delete(void* memory, std::size_t) noexcept { free(memory); }
