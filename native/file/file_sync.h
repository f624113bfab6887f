// fsync(2), without the surprises. POSIX only: on Windows, Node.js does not hand out the HANDLE of a descriptor.
#ifndef ZJJ_FILE_FILE_SYNC_H_
#define ZJJ_FILE_FILE_SYNC_H_

namespace zjj {

// Puts the file on disk, and on macOS also out of the drive's cache. Returns false with errno set on failure. A file
// system that cannot sync this kind of file is not a failure.
bool SyncFile(int fd);

}  // namespace zjj

#endif  // ZJJ_FILE_FILE_SYNC_H_
