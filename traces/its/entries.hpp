// One entry of a table, as its fields and as its eight bytes; for traces/its only.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

namespace assay::traces::its {

struct DeviceEntry {
  std::uint64_t table = 0;
  std::uint32_t next = 0;
  unsigned event_bits = 1;
};
struct TranslationEntry {
  std::uint32_t next = 0, lpi = 0;
  std::uint16_t collection = 0;
};
struct CollectionEntry {
  std::uint64_t vcpu = 0;
  std::uint16_t id = 0;
};

// Nothing for an entry that is not valid. `bytes` are eight.
std::optional<DeviceEntry> read_device(std::span<const std::uint8_t> bytes);
std::optional<TranslationEntry> read_translation(std::span<const std::uint8_t> bytes);
std::optional<CollectionEntry> read_collection(std::span<const std::uint8_t> bytes);

std::uint64_t bits_of(const DeviceEntry& e);
std::uint64_t bits_of(const TranslationEntry& e);
std::uint64_t bits_of(const CollectionEntry& e);

}  // namespace assay::traces::its
