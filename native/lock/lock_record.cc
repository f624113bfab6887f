// The contract is in lock_record.h.

#include "lock/lock_record.h"

#include <cstring>

namespace zjj {

namespace {

constexpr char kCleanMark[] = "released by the zjj store at ";

// 2026-11-23T06:32:09.123Z
constexpr size_t kTimeSize = 24;

// Converts a count of days since 1970-01-01 to a civil date, for the years from 1970 on. Not gmtime_r: it takes the C
// library's time zone lock, and this runs for every exclusive lock.
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

char* PutDigits(char* at, int number, int digits) {
  for (int index = digits - 1; index >= 0; index--) {
    at[index] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return at + digits;
}

// Not snprintf: it takes a tenth as long as an uncontended lock does.
char* PutTime(char* at, int64_t unix_ms) {
  constexpr int64_t kDayMs = 86400000;
  int year, month, day;
  CivilFromDays(unix_ms / kDayMs, &year, &month, &day);
  int ms = static_cast<int>(unix_ms % kDayMs);
  at = PutDigits(at, year, 4);
  *at++ = '-';
  at = PutDigits(at, month, 2);
  *at++ = '-';
  at = PutDigits(at, day, 2);
  *at++ = 'T';
  at = PutDigits(at, ms / 3600000, 2);
  *at++ = ':';
  at = PutDigits(at, ms / 60000 % 60, 2);
  *at++ = ':';
  at = PutDigits(at, ms / 1000 % 60, 2);
  *at++ = '.';
  at = PutDigits(at, ms % 1000, 3);
  *at++ = 'Z';
  return at;
}

char* PutText(char* at, const char* text, size_t length) {
  memcpy(at, text, length);
  return at + length;
}

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

// kRecordSize bytes, read from the front. Each function returns false if something else follows. Only after Skip()
// does the position then stay the same.
class Text {
 public:
  explicit Text(const char* buffer) : at_(buffer), end_(buffer + kRecordSize) {}

  bool Skip(const char* expected) {
    size_t length = strlen(expected);
    if (static_cast<size_t>(end_ - at_) < length || memcmp(at_, expected, length) != 0) return false;
    at_ += length;
    return true;
  }

  bool SkipNumber() {
    if (at_ == end_ || !IsDigit(*at_)) return false;
    while (at_ < end_ && IsDigit(*at_)) at_++;
    return true;
  }

  // A JSON string.
  bool SkipString() {
    if (!Skip("\"")) return false;
    for (; at_ < end_ && static_cast<unsigned char>(*at_) >= ' '; at_++) {
      if (*at_ == '\\' && end_ - at_ > 1) {
        at_++;
      } else if (*at_ == '"') {
        at_++;
        return true;
      }
    }
    return false;
  }

  bool SkipTime() {
    constexpr char kShape[] = "0000-00-00T00:00:00.000Z";
    static_assert(sizeof(kShape) - 1 == kTimeSize);
    if (end_ - at_ < static_cast<ptrdiff_t>(kTimeSize)) return false;
    for (const char* shape = kShape; *shape != '\0'; shape++, at_++) {
      if (*shape == '0' ? !IsDigit(*at_) : *at_ != *shape) return false;
    }
    return true;
  }

  // Whether only spaces follow, and a newline at the end.
  bool IsPadding() const {
    const char* at = at_;
    while (at < end_ && *at == ' ') at++;
    return at == end_ - 1 && *at == '\n';
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

void FormatRecord(char* buffer, const char* record_start, int64_t unix_ms) {
  constexpr char kSince[] = "\"since\":\"";
  constexpr char kEnd[] = "\"}";
  size_t length = strlen(record_start);
  FormatBlank(buffer);
  // Half a record would not parse.
  if (length + sizeof(kSince) - 1 + kTimeSize + sizeof(kEnd) - 1 >= kRecordSize) return;
  char* at = PutText(buffer, record_start, length);
  at = PutText(at, kSince, sizeof(kSince) - 1);
  at = PutTime(at, unix_ms);
  PutText(at, kEnd, sizeof(kEnd) - 1);
}

void FormatCleanMark(char* buffer, int64_t unix_ms) {
  FormatBlank(buffer);
  PutTime(PutText(buffer, kCleanMark, sizeof(kCleanMark) - 1), unix_ms);
}

void FormatBlank(char* buffer) {
  memset(buffer, ' ', kRecordSize - 1);
  buffer[kRecordSize - 1] = '\n';
}

bool IsRecord(const char* buffer) {
  Text text(buffer);
  if (!text.Skip("{\"pid\":") || !text.SkipNumber()) return false;
  if (!text.Skip(",\"host\":") || !text.SkipString()) return false;
  if (!text.Skip(",\"command\":") || !text.SkipString()) return false;
  // Other versions may have other members here.
  while (!text.Skip(",\"since\":\"")) {
    if (!text.Skip(",") || !text.SkipString() || !text.Skip(":")) return false;
    if (!text.SkipNumber() && !text.SkipString()) return false;
  }
  return text.SkipTime() && text.Skip("\"}") && text.IsPadding();
}

bool IsCleanMark(const char* buffer) {
  Text text(buffer);
  return text.Skip(kCleanMark) && text.SkipTime() && text.IsPadding();
}

bool IsBlank(const char* buffer) { return Text(buffer).IsPadding(); }

bool IsCleanMarkSince(const char* buffer, int64_t unix_ms) {
  char oldest[kRecordSize];
  FormatCleanMark(oldest, unix_ms);
  // The time is written so that its text sorts like the time.
  return IsCleanMark(buffer) && memcmp(buffer, oldest, kRecordSize) >= 0;
}

}  // namespace zjj
