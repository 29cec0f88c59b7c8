// libFuzzer: any bytes as guest memory with an ITS's tables. What is read without a problem is what
// its writer writes, and is read the same again.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "traces/its/tables.hpp"

using namespace assay::traces::its;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t head = 4;
  if (size < head) return 0;
  // The first bytes say where the tables lie, the rest is memory.
  Image image;
  image.base = 0x1000;
  image.devices = {image.base + data[0] * 8u, data[1] * 8u};
  image.collections = {image.base + data[2] * 8u, (data[3] >> 3) * 8u};
  image.vcpus = 1 + (data[3] & 7);
  image.memory = {data + head, size - head};
  const Reading reading = read_tables(image);
  for (const Problem& p : reading.problems)
    if (p.what.empty()) std::abort();
  if (!reading.problems.empty()) return 0;
  std::vector<std::uint8_t> memory(data + head, data + size);
  if (!write_tables(reading.tables, memory, image.base, image.devices, image.collections).empty())
    std::abort();
  // Tables that lie on top of each other change each other.
  image.memory = memory;
  static_cast<void>(read_tables(image));
  return 0;
}
