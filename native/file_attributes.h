// What a file carries beside its bytes, mode and owner, and what node:fs cannot copy.
#ifndef ZJJ_FILE_ATTRIBUTES_H_
#define ZJJ_FILE_ATTRIBUTES_H_

namespace zjj {

// The source's access control list, if it has one, could not be copied: the mode of such a file is its mask, and alone
// would grant its group more than the list does.
constexpr int kListLost = -1;

// Copies the access control list and the user's extended attributes of the file at `from` (UTF-8) to the open file
// `to`, whose mode is to be set afterwards. 0, kListLost, or the errno for which an attribute would be lost.
int CopyAttributes(const char* from, int to);

}  // namespace zjj

#endif  // ZJJ_FILE_ATTRIBUTES_H_
