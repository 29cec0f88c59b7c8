// The tables of an ITS in guest memory: what SAVE_TABLES writes is read back, entry by entry and
// for random tables, and each way in which RESTORE_TABLES refuses an image is told.
#include "traces/its/tables.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "traces/its/entries.hpp"

namespace assay::traces::its {
namespace {

constexpr std::uint64_t base = 0x80000000;
constexpr TableAt devices_at{base, 256 * entry_bytes};
constexpr TableAt collections_at{base + 0x1000, 16 * entry_bytes};
constexpr std::uint64_t first_table = base + 0x2000;

using Memory = std::vector<std::uint8_t>;
Memory blank() { return Memory(0x10000); }

Image image_of(const Memory& memory, std::uint64_t vcpus = 4) {
  return {memory, base, devices_at, collections_at, vcpus};
}

Tables two_devices() {
  return {{{3, first_table, 5, {{0, 8192, 1}, {7, 8200, 2}}},
           {200, first_table + 0x400, 1, {{1, 9000, 1}}}},
          {{1, 0}, {2, 3}}};
}

Memory saved(const Tables& tables) {
  Memory memory = blank();
  EXPECT_EQ(write_tables(tables, memory, base, devices_at, collections_at), "");
  return memory;
}

std::uint64_t word_at(const Memory& memory, std::uint64_t address) {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < 8; ++i) word |= std::uint64_t{memory[address - base + i]} << 8 * i;
  return word;
}
void put(Memory& memory, std::uint64_t address, std::uint64_t word) {
  for (unsigned i = 0; i < 8; ++i)
    memory[address - base + i] = static_cast<std::uint8_t>(word >> 8 * i);
}

// By the layout of the documentation, bit by bit.
TEST(ItsTables, EntriesLieWhereTheDocumentationSays) {
  const Memory memory = saved(two_devices());
  EXPECT_EQ(word_at(memory, base + 3 * 8),
            std::uint64_t{1} << 63 | std::uint64_t{197} << 49 | first_table >> 8 << 5 | 4);
  EXPECT_EQ(word_at(memory, base + 200 * 8),
            std::uint64_t{1} << 63 | (first_table + 0x400) >> 8 << 5 | 0);
  EXPECT_EQ(word_at(memory, first_table), std::uint64_t{7} << 48 | std::uint64_t{8192} << 16 | 1);
  EXPECT_EQ(word_at(memory, first_table + 7 * 8), std::uint64_t{8200} << 16 | 2);
  EXPECT_EQ(word_at(memory, collections_at.address + 8),
            std::uint64_t{1} << 63 | std::uint64_t{3} << 16 | 2);
  EXPECT_EQ(word_at(memory, collections_at.address + 16), 0u);
}

TEST(ItsTables, WhatIsSavedIsRestored) {
  const Memory memory = saved(two_devices());
  const Reading r = read_tables(image_of(memory));
  EXPECT_TRUE(r.problems.empty()) << r.problems[0].what;
  EXPECT_EQ(r.tables, two_devices());
  EXPECT_EQ(r.answer(), Errno::ok);
}

TEST(ItsTables, RandomTablesGoThereAndBack) {
  EXPECT_TRUE(rc::check([] {
    Tables tables;
    const auto collections = *rc::gen::inRange(1, 16);
    for (int i = 0; i < collections; ++i)
      tables.collections.push_back(
          {static_cast<std::uint16_t>(i * 7), *rc::gen::inRange<std::uint64_t>(0, 4)});
    const auto ids = *rc::gen::container<std::map<std::uint32_t, unsigned>>(
        rc::gen::inRange<std::uint32_t>(0, 256), rc::gen::inRange(1u, 6u));
    std::uint64_t table = first_table;
    for (const auto& [id, bits] : ids) {
      if (table + 0x100 > base + 0x10000) break;
      Device device{id, table, bits, {}};
      for (std::uint32_t event = 0; event < 1u << bits; ++event)
        if (*rc::gen::arbitrary<bool>())
          device.translations.push_back(
              {event, *rc::gen::inRange<std::uint32_t>(first_lpi, 65536),
               tables.collections[*rc::gen::inRange<std::size_t>(0, tables.collections.size())]
                   .id});
      tables.devices.push_back(std::move(device));
      table += 0x100;
    }
    Memory memory = blank();
    RC_ASSERT(write_tables(tables, memory, base, devices_at, collections_at).empty());
    const Reading r = read_tables(image_of(memory));
    RC_ASSERT(r.problems.empty());
    RC_ASSERT(r.tables == tables);
  }));
}

// A word of the saved image becomes another one: what RESTORE_TABLES answers.
Errno answer_after(std::uint64_t address, std::uint64_t word, std::uint64_t vcpus = 4) {
  Memory memory = saved(two_devices());
  put(memory, address, word);
  const Reading r = read_tables(image_of(memory, vcpus));
  EXPECT_FALSE(r.problems.empty());
  return r.answer();
}

constexpr std::uint64_t valid = std::uint64_t{1} << 63;

TEST(ItsTables, RestoreRefusesWhatItsDocumentationNames) {
  // A collection twice, and one of a vCPU that there is not.
  EXPECT_EQ(answer_after(collections_at.address + 8, valid | 1), Errno::exist);
  EXPECT_EQ(answer_after(collections_at.address + 8, valid | std::uint64_t{9} << 16 | 2),
            Errno::inval);
  // No LPI; a collection that there is not; a next event beyond the device's bits.
  EXPECT_EQ(answer_after(first_table, std::uint64_t{100} << 16 | 1), Errno::inval);
  EXPECT_EQ(answer_after(first_table, std::uint64_t{8192} << 16 | 5), Errno::inval);
  EXPECT_EQ(answer_after(first_table, std::uint64_t{32} << 48 | std::uint64_t{8192} << 16 | 1),
            Errno::inval);
  // More EventID bits than the ITS has; a translation table outside of memory.
  EXPECT_EQ(answer_after(base + 3 * 8, valid | first_table >> 8 << 5 | 16), Errno::inval);
  EXPECT_EQ(answer_after(base + 3 * 8, valid | std::uint64_t{0x700000} << 5 | 4), Errno::fault);
}

// The scan of the device table ends without a word where an entry leads beyond it.
TEST(ItsTables, ADeviceBeyondTheTableIsToldThoughRestoreDoesNot) {
  EXPECT_EQ(answer_after(base + 200 * 8,
                         valid | std::uint64_t{60} << 49 | (first_table + 0x400) >> 8 << 5),
            Errno::ok);
}

// Where ids are further apart than `next` can say, the way is found entry by entry.
TEST(ItsTables, DistancesThatNextCannotSayAreFound) {
  const TableAt wide{base, 40000 * entry_bytes};
  const TableAt collections{base + 0x50000, 16};
  const Tables tables{
      {{1, base + 0x60000, 1, {{0, 8192, 0}}}, {30000, base + 0x60100, 16, {{65535, 8193, 0}}}},
      {{0, 0}}};
  Memory memory(0x100000);
  ASSERT_EQ(write_tables(tables, memory, base, wide, collections), "");
  EXPECT_EQ(word_at(memory, base + 8) >> 49 & 0x3fff, 0x3fffu);
  const Reading r = read_tables({memory, base, wide, collections, 1});
  EXPECT_TRUE(r.problems.empty()) << r.problems[0].what;
  EXPECT_EQ(r.tables, tables);
}

TEST(ItsTables, WhatDoesNotFitIsNotWritten) {
  Memory memory = blank();
  Tables tables = two_devices();
  tables.devices[1].id = 256;
  EXPECT_EQ(write_tables(tables, memory, base, devices_at, collections_at),
            "a device does not fit the table");
  tables = two_devices();
  tables.collections.resize(17);
  EXPECT_EQ(write_tables(tables, memory, base, devices_at, collections_at), "too many collections");
  tables = two_devices();
  tables.devices[0].table = base + 0x20000;
  EXPECT_EQ(write_tables(tables, memory, base, devices_at, collections_at),
            "a translation lies outside of the memory");
}

TEST(ItsTables, AnImageThatIsCutIsAFault) {
  Memory memory = saved(two_devices());
  memory.resize(0x800);
  const Reading r = read_tables(image_of(memory));
  EXPECT_EQ(r.answer(), Errno::fault);
  EXPECT_EQ(r.problems[0].address, collections_at.address);
}

}  // namespace
}  // namespace assay::traces::its
