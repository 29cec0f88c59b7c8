// libFuzzer: any text goes through the line reader, the joiner, the printer and the encoder. What
// was read has to print as a line that reads the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "traces/abi/arm64/encode.hpp"
#include "traces/text/grammar.hpp"
#include "traces/text/joiner.hpp"
#include "traces/text/print.hpp"

using namespace assay::traces;

namespace {

void check_round_trip(const Call& call) {
  const std::string text = print(call);
  Call again;
  Diagnostic why;
  const LineKind kind = read_line(text, call.line, again, why);
  if (kind == LineKind::call && same(call, again)) return;
  std::fprintf(stderr, "not the same after printing: %s\n%s", text.c_str(),
               kind == LineKind::malformed ? render(why, "printed", text).c_str() : "");
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Joiner joiner;
  Call call;
  Diagnostic why;
  Operation operation;
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const LineKind kind = read_line(line, number, call, why);
    if (kind == LineKind::malformed) (void)render(why, "fuzz", line);
    if (kind != LineKind::call) continue;
    check_round_trip(call);
    const Joiner::Answer answer = joiner.take(line, call, why);
    if (answer == Joiner::Answer::malformed) (void)render(why, "fuzz", line);
    if (answer == Joiner::Answer::ready) (void)encode(call, nullptr, operation, why);
  }
  while (joiner.flush(call)) (void)print(call);
  return 0;
}
