// The record, the clean mark and blanks.

#include "lock/lock_record.h"

#include <string.h>
#include <time.h>

#include <string>

#include "check.h"
#include "platform/platform.h"

namespace zjj::test {

namespace {

std::string Blank() {
  char buffer[kRecordSize];
  FormatBlank(buffer);
  return {buffer, kRecordSize};
}

void CheckTime(int64_t unix_ms) {
  char buffer[kRecordSize];
  FormatRecord(buffer, "{\"pid\":1,", unix_ms);
  auto seconds = static_cast<time_t>(unix_ms / 1000);
  struct tm utc;
  CHECK(gmtime_r(&seconds, &utc) != nullptr);
  char expected[128];
  size_t length = strftime(expected, sizeof(expected), "{\"pid\":1,\"since\":\"%Y-%m-%dT%H:%M:%S.", &utc);
  std::string text(expected, length);
  std::string ms = std::to_string(unix_ms % 1000);
  text += std::string(3 - ms.size(), '0') + ms + "Z\"}";
  std::string whole(buffer, kRecordSize);
  CHECK(whole.substr(0, text.size()) == text);
  CHECK(whole.find_first_not_of(' ', text.size()) == kRecordSize - 1);
  CHECK(whole.back() == '\n');
  CHECK(IsRecord(buffer) && !IsBlank(buffer) && !IsCleanMark(buffer));
}

void TimesMatchTheCalendar() {
  constexpr int64_t kDayMs = 86400000;
  constexpr int64_t kEndOf9999 = 253402300799999;
  for (int64_t ms : {INT64_C(0), INT64_C(1), INT64_C(999), kDayMs - 1, kDayMs, kEndOf9999}) CheckTime(ms);
  // The ends of February and of December in every year, and random times between them.
  int64_t year_start = 0;
  for (int year = 1970; year < 2410; year++) {
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t march = year_start + (is_leap ? 60 : 59) * kDayMs;
    int64_t next = year_start + (is_leap ? 366 : 365) * kDayMs;
    for (int64_t at : {year_start, march - 2 * kDayMs, march - kDayMs, march, next - kDayMs, next}) {
      CheckTime(at);
      if (at > 0) CheckTime(at - 1);
      CheckTime(at + Random(static_cast<uint32_t>(kDayMs)));
    }
    year_start = next;
  }
  for (int64_t at = 0; at < kEndOf9999; at += 293 * kDayMs + 7654321) CheckTime(at);
}

void ARecordThatDoesNotFitIsLeftBlank() {
  // "since":"2026-11-23T06:32:09.123Z"} and the newline.
  constexpr size_t kRest = 9 + 24 + 2 + 1;
  char buffer[kRecordSize];
  for (size_t length = 0; length < 2 * kRecordSize; length++) {
    std::string record(length, 'x');
    FormatRecord(buffer, record.c_str(), 0);
    std::string text(buffer, kRecordSize);
    if (length + kRest <= kRecordSize) {
      CHECK(text.substr(0, length + 9) == record + "\"since\":\"");
    } else {
      CHECK(text == Blank());
    }
    CHECK(text.back() == '\n');
  }
}

void RecordMarkAndBlankAreDistinct() {
  char buffer[kRecordSize];
  FormatBlank(buffer);
  CHECK(IsBlank(buffer) && !IsRecord(buffer) && !IsCleanMark(buffer));
  FormatCleanMark(buffer, UnixMs());
  CHECK(IsCleanMark(buffer) && !IsRecord(buffer) && !IsBlank(buffer));
  memset(buffer, ' ', kRecordSize);
  CHECK(!IsBlank(buffer) && !IsRecord(buffer) && !IsCleanMark(buffer));
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("times match the calendar", TimesMatchTheCalendar);
  Run("a record that does not fit is left blank", ARecordThatDoesNotFitIsLeftBlank);
  Run("record, clean mark and blank are distinct", RecordMarkAndBlankAreDistinct);
  Finish();
}
