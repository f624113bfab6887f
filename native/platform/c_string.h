// A C string that belongs to its object. std::string would pull more code into the binary.
#ifndef ZJJ_PLATFORM_C_STRING_H_
#define ZJJ_PLATFORM_C_STRING_H_

#include <cstring>

namespace zjj {

class CString {
 public:
  explicit CString(const char* text) {
    size_t size = strlen(text) + 1;
    text_ = new char[size];
    memcpy(text_, text, size);
  }
  ~CString() { delete[] text_; }
  CString(const CString&) = delete;
  CString& operator=(const CString&) = delete;

  const char* get() const { return text_; }

 private:
  char* text_;
};

}  // namespace zjj

#endif  // ZJJ_PLATFORM_C_STRING_H_
