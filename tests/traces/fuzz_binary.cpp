// libFuzzer harness of the binary trace reader: any bytes are read without a crash, in bounded
// memory, and what is malformed is refused with an offset.
#include <unistd.h>

#include <cstdlib>

#include "tests/arm64.hpp"
#include "traces/binary.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  static const traces::Binder binder(default_system());
  traces::BinaryHandlers handlers;
  traces::TraceHeader header;
  std::uint64_t lines = 0;
  handlers.header_line = [&](std::string_view line, traces::Diagnostic& why) {
    return traces::read_header_line(line, ++lines, header, why);
  };
  handlers.event = [&](const traces::TraceEvent& e) {
    if (e.kind == traces::TraceKind::rule && binder.text(e).empty()) std::abort();
    return true;
  };
  handlers.text = [](std::string_view) { return true; };
  traces::Diagnostic why;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Descriptor -1: everything has been read already.
  bool fine = traces::read_binary(-1, bytes, binder, handlers, why);
  if (!fine && why.message.empty()) std::abort();
  return 0;
}
