// File attributes on Windows. The contract is in file_attributes.h.

#include "file_attributes.h"

namespace zjj {

// A file gets its access control list from its directory, where the new file is made too.
int CopyAttributes(const char*, int) { return 0; }

}  // namespace zjj
