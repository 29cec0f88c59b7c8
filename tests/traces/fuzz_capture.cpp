// libFuzzer: any bytes as a capture stream. Whatever decodes has to print as a line that reads the
// same, and to encode or be refused.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "traces/abi/arm64/encode.hpp"
#include "traces/capture_reader.hpp"
#include "traces/text/grammar.hpp"
#include "traces/text/print.hpp"

using namespace assay::traces;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CaptureReader reader;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Diagnostic why;
  if (!reader.attach(-1, false, input, why)) {
    (void)render(why, "fuzz", {});
    return 0;
  }
  Call call, again;
  Operation operation;
  for (;;) {
    const CaptureReader::Answer answer = reader.next(call, why);
    if (answer == CaptureReader::Answer::malformed) (void)render(why, "fuzz", {});
    if (answer != CaptureReader::Answer::call) return 0;
    const std::string text = print(call);
    const LineKind kind = read_line(text, call.line, again, why);
    if (kind != LineKind::call || !same(call, again)) {
      std::fprintf(stderr, "not the same after printing: %s\n%s", text.c_str(),
                   kind == LineKind::malformed ? render(why, "printed", text).c_str() : "");
      std::abort();
    }
    (void)encode(call, &reader.decoder().handles(), operation, why);
  }
}
