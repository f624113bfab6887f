// Attributes of a file beyond its bytes, mode and owner. node:fs cannot copy them.
#ifndef ZJJ_FILE_FILE_ATTRIBUTES_H_
#define ZJJ_FILE_FILE_ATTRIBUTES_H_

namespace zjj {

// The access control list of the source, if it has one, could not be copied. The mode of such a file is the list's
// mask. Without the list, that mode can grant the group more than the list does.
constexpr int kListLost = -1;

// Copies the access control list and the user's extended attributes (Linux: acl(5), xattr(7); macOS: copyfile(3)) from
// the file at `from` (UTF-8) to the open file `to`. The caller sets the mode of `to` afterwards.
//
// Returns 0, kListLost, or the errno of an attribute that could not be copied.
int CopyAttributes(const char* from, int to);

}  // namespace zjj

#endif  // ZJJ_FILE_FILE_ATTRIBUTES_H_
