// The record, the clean mark and blanks.

#include "lock/lock_record.h"

#include <string.h>
#include <time.h>

#include <string>
#include <vector>

#include "check.h"
#include "platform/platform.h"

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":1,\"host\":\"h\",\"command\":\"c\",";

std::string Blank() {
  char buffer[kRecordSize];
  FormatBlank(buffer);
  return {buffer, kRecordSize};
}

void CheckTime(int64_t unix_ms) {
  char buffer[kRecordSize];
  FormatRecord(buffer, kRecordStart, unix_ms);
  auto seconds = static_cast<time_t>(unix_ms / 1000);
  struct tm utc;
  CHECK(gmtime_r(&seconds, &utc) != nullptr);
  char expected[128];
  size_t length = strftime(expected, sizeof(expected), "\"since\":\"%Y-%m-%dT%H:%M:%S.", &utc);
  std::string text = kRecordStart + std::string(expected, length);
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

void AMarkTellsWhetherItIsOlderThanATime() {
  char buffer[kRecordSize];
  // The years have as many digits up to 9999.
  for (int64_t at : {INT64_C(1), INT64_C(999999999999), INT64_C(1000000000000), UnixMs()}) {
    FormatCleanMark(buffer, at);
    CHECK(IsCleanMarkSince(buffer, at - 1) && IsCleanMarkSince(buffer, at) && !IsCleanMarkSince(buffer, at + 1));
  }
  FormatBlank(buffer);
  CHECK(!IsCleanMarkSince(buffer, 0));
}

// Returns the text as it would be in a lock file.
std::string Padded(const std::string& text) {
  CHECK(text.size() < kRecordSize);
  return text + std::string(kRecordSize - 1 - text.size(), ' ') + "\n";
}

bool IsAny(const std::string& text) {
  return IsRecord(text.c_str()) || IsCleanMark(text.c_str()) || IsBlank(text.c_str());
}

void EveryByteIsChecked() {
  char record[kRecordSize], mark[kRecordSize];
  FormatRecord(record, kRecordStart, UnixMs());
  FormatCleanMark(mark, UnixMs());
  for (const std::string& whole : {std::string(record, kRecordSize), std::string(mark, kRecordSize), Blank()}) {
    CHECK(IsAny(whole));
    for (size_t at = 0; at < kRecordSize; at++) {
      for (char other : {'\0', '\x1f', '\xff'}) {
        std::string changed = whole;
        changed[at] = other;
        // A host name may have bytes beyond ASCII.
        bool is_in_name = at == 17 || at == 31;
        CHECK(!IsAny(changed) || (whole[0] == '{' && is_in_name && other == '\xff'));
      }
    }
  }
}

void ARecordMayHaveMoreMembersAndAnyName() {
  const std::string since = "\"since\":\"2026-11-23T06:32:09.123Z\"}";
  for (const std::string& start : {
           std::string(R"({"pid":1,"host":"h","command":"c",)"),
           std::string(R"({"pid":4294967295,"host":"","command":"",)"),
           std::string(R"({"pid":1,"host":"h","command":"a \"b\" \\","start":123,"pidns":4026531836,)"),
           std::string(R"({"pid":1,"host":"h","command":"c","later":"\u00e4",)"),
       }) {
    CHECK(IsRecord(Padded(start + since).c_str()));
  }
}

void DataThatBeginsLikeARecordIsNone() {
  const std::string time = "2026-11-23T06:32:09.123Z";
  const std::string since = "\"since\":\"" + time + "\"}";
  const std::vector<std::string> texts = {
      R"({"pid":1})",
      R"({"pid":1,"name":"x","value":2})",
      R"({"pid":1,"host":"h","command":"c"})",
      R"({"pid":1,"host":"h","command":"c","start":1})",
      R"({"pid":1,)" + since,
      R"({"pid":1,"host":"h",)" + since,
      R"({"pid":1,"command":"c","host":"h",)" + since,
      R"({"pid":-1,"host":"h","command":"c",)" + since,
      R"({"pid":,"host":"h","command":"c",)" + since,
      R"({"pid":"1","host":"h","command":"c",)" + since,
      R"({"pid":1,"host":1,"command":"c",)" + since,
      R"({"pid":1,"host":"h","command":"c","a":,)" + since,
      R"({"pid":1,"host":"h","command":"c","a":[1],)" + since,
      R"({"pid":1,"host":"h","command":"c","a",)" + since,
      R"({"pid":1,"host":"h","command":"c" ,)" + since,
      R"({"pid":1,"host":"h","command":"c",)" + since + "\n{}",
      R"({"pid":1,"host":"h","command":"c","since":"yesterday"})",
      R"({"pid":1,"host":"h","command":"c","since":")" + time,
      R"({"pid":1,"host":"h","command":"c\)",
      R"({"pid":1,"host":"h","command":"c)" + std::string(200, 'c'),
      "released by the zjj store at noon",
      "released by the zjj store at " + time + " or so",
  };
  for (const std::string& text : texts) {
    CHECK(!IsAny(Padded(text)));
  }
  // Without padding, as far as a record reaches.
  std::string line = R"({"pid":1,"host":"h","command":")";
  CHECK(!IsAny(line + std::string(kRecordSize - line.size(), 'c')));
  CHECK(!IsAny(line + std::string(kRecordSize - line.size() - 1, 'c') + "\\"));
  CHECK(!IsAny(R"({"pid":)" + std::string(kRecordSize - 7, '1')));
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("times match the calendar", TimesMatchTheCalendar);
  Run("a record that does not fit is left blank", ARecordThatDoesNotFitIsLeftBlank);
  Run("record, clean mark and blank are distinct", RecordMarkAndBlankAreDistinct);
  Run("a mark tells whether it is older than a time", AMarkTellsWhetherItIsOlderThanATime);
  Run("every byte of record, mark and blank is checked", EveryByteIsChecked);
  Run("a record may have more members and any name", ARecordMayHaveMoreMembersAndAnyName);
  Run("data that begins like a record is none", DataThatBeginsLikeARecordIsNone);
  Finish();
}
