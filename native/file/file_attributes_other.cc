// File attributes on POSIX systems other than Linux and macOS. The contract is in file_attributes.h.

#include "file/file_attributes.h"

namespace zjj {

// Copies nothing. The file may have an access control list, so the caller must not trust the mode alone.
int CopyAttributes(const char*, int) { return kListLost; }

}  // namespace zjj
