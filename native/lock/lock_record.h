// The bytes at the start of a lock file: who holds the lock, or how the last holder released it.
//
// Each is kRecordSize bytes long and is written and read with one system call. docs/protocol.md describes them.
//
//   record      JSON that names an exclusive holder, padded with spaces:
//               {"pid":7,"host":"h","command":"zjj","since":"2026-11-23T06:32:09.123Z"}
//               More members may come before `since`. src/lock/binding/holder.ts names them.
//   clean mark  the last holder left everything in order
//   blank       the last holder released the lock without the clean mark
#ifndef ZJJ_LOCK_LOCK_RECORD_H_
#define ZJJ_LOCK_LOCK_RECORD_H_

#include <cstddef>
#include <cstdint>

namespace zjj {

constexpr size_t kRecordSize = 256;

// These fill `buffer`, which is kRecordSize bytes long. `unix_ms` is in milliseconds since 1970.

// `record_start` is the JSON object up to and including the comma before its last member, `since`. If the whole record
// does not fit, the buffer is blank.
void FormatRecord(char* buffer, const char* record_start, int64_t unix_ms);
// The mark contains the time so that each release changes the file. A waiter can then see that the lock changes hands.
void FormatCleanMark(char* buffer, int64_t unix_ms);
void FormatBlank(char* buffer);

// These take kRecordSize bytes read from a file, and check every one of them. Someone's data can begin like a record.
bool IsRecord(const char* buffer);
bool IsCleanMark(const char* buffer);
bool IsBlank(const char* buffer);
// A clean mark that was not written before that time.
bool IsCleanMarkSince(const char* buffer, int64_t unix_ms);

}  // namespace zjj

#endif  // ZJJ_LOCK_LOCK_RECORD_H_
