// What this process may do with a file. node:fs asks for the real user only.
#ifndef ZJJ_FILE_FILE_ACCESS_H_
#define ZJJ_FILE_FILE_ACCESS_H_

namespace zjj {

// Asks the system whether the effective user may write the file at `path` (UTF-8). The file is not opened: that would
// wake programs that watch it. POSIX only.
//
// Returns 0, or the errno that denies it: EACCES, EPERM for an immutable file, EROFS. Other numbers say nothing.
int CheckWrite(const char* path);

}  // namespace zjj

#endif  // ZJJ_FILE_FILE_ACCESS_H_
