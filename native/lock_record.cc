// The bytes at the start of a lock file: who holds it, or how it was released.

#include <cstdio>
#include <cstring>

#include "file_lock.h"

namespace zjj {

namespace {

constexpr char kCleanMark[] = "released by the zjj store at ";

// 2026-11-23T06:32:09.123Z, and room for what no clock will show.
constexpr size_t kTimeSize = 64;

void FillWith(char* buffer, const char* text, size_t length) {
  memset(buffer, ' ', kRecordSize);
  memcpy(buffer, text, length);
  buffer[kRecordSize - 1] = '\n';
}

// The civil date of a day count since 1970-01-01, for years from 1970 on. gmtime_r would do, but takes the lock of the
// C library's time zone, and this runs on every exclusive lock.
void CivilFromDays(int64_t days, int* year, int* month, int* day) {
  int64_t shifted = days + 719468;  // days since 0000-03-01
  int64_t era = shifted / 146097;
  int64_t day_of_era = shifted - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  *day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  *month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  *year = static_cast<int>(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

void FormatTime(char* time, int64_t unix_ms) {
  constexpr int64_t kDayMs = 86400000;
  int year, month, day;
  CivilFromDays(unix_ms / kDayMs, &year, &month, &day);
  int ms = static_cast<int>(unix_ms % kDayMs);
  snprintf(time, kTimeSize, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, ms / 3600000, ms / 60000 % 60,
           ms / 1000 % 60, ms % 1000);
}

}  // namespace

void FormatRecord(char* buffer, const char* record, int64_t unix_ms) {
  char time[kTimeSize];
  FormatTime(time, unix_ms);
  char text[kRecordSize];
  int length = snprintf(text, sizeof(text), "%s\"since\":\"%s\"}", record, time);
  // A record that does not fit is left out rather than cut: half of one would not parse.
  if (length < 0 || static_cast<size_t>(length) >= kRecordSize) return FormatBlank(buffer);
  FillWith(buffer, text, static_cast<size_t>(length));
}

void FormatCleanMark(char* buffer, int64_t unix_ms) {
  char time[kTimeSize];
  FormatTime(time, unix_ms);
  char text[sizeof(kCleanMark) + kTimeSize];
  int length = snprintf(text, sizeof(text), "%s%s", kCleanMark, time);
  FillWith(buffer, text, length < 0 ? 0 : static_cast<size_t>(length));
}

void FormatBlank(char* buffer) { FillWith(buffer, "", 0); }

bool IsCleanMark(const char* buffer) { return memcmp(buffer, kCleanMark, sizeof(kCleanMark) - 1) == 0; }

bool IsBlank(const char* buffer) {
  for (size_t at = 0; at < kRecordSize - 1; at++) {
    if (buffer[at] != ' ') return false;
  }
  return buffer[kRecordSize - 1] == '\n';
}

bool IsRecord(const char* buffer) { return memcmp(buffer, "{\"pid\":", 7) == 0 && buffer[kRecordSize - 1] == '\n'; }

}  // namespace zjj
