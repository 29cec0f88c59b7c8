// What an invariant is asked about after a step: while a Focus is in use, all() and all_pairs() of
// its thread visit only the entries of tables that the step's journal names. Loops inside the body
// of such a loop visit every entry.
//
// Only for invariants that say one thing of each entry, or of each pair, and that held before the
// step (checker/invariants.hpp finds out which do).
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <span>

#include "model/journal.hpp"

namespace assay {

// Which entries of tables a step wrote, found out once for each table: after most steps several
// invariants are asked about the same entry.
class Focus {
 public:
  struct Written {
    const void* entry;
    std::size_t index;
  };
  struct Table {
    const void* table;
    bool is_known;  // false: the step wrote more than fits here, so every entry must be visited
    std::span<const Written> written;
  };

  explicit Focus(const Journal& step) : step_(step) {}

  template <class Tab>
  const Table& of(const Tab& table) {
    for (std::size_t i = 0; i < tables_used_; ++i)
      if (tables_[i].table == &table) return tables_[i];
    return find(table);
  }

 private:
  template <class Tab>
  [[gnu::noinline]] const Table& find(const Tab& table) {
    if (tables_used_ == tables_.size()) --tables_used_;
    Table& of = tables_[tables_used_++];
    of = {&table, true, {}};
    const std::size_t first = used_;
    const std::byte* begin = nullptr;
    const std::byte* end = nullptr;
    for (const Journal::Entry& leaf : step_.entries()) {
      const auto* at = static_cast<const std::byte*>(leaf.place);
      if (!std::less<>{}(at, begin) && std::less<>{}(at, end)) continue;
      table.entry_at(leaf.place, [&](const auto& entry, std::size_t i) {
        begin = reinterpret_cast<const std::byte*>(&entry);
        end = begin + sizeof entry;
        if (used_ == written_.size()) of.is_known = false;
        else written_[used_++] = {&entry, i};
      });
      if (!of.is_known) break;
    }
    of.written = {written_.data() + first, used_ - first};
    return of;
  }

  const Journal& step_;
  // Not cleared: that took longer than what is asked of them.
  std::array<Written, 16> written_;
  std::array<Table, 4> tables_;
  std::size_t used_ = 0;
  std::size_t tables_used_ = 0;
};

// Null: loops visit every entry.
inline constinit thread_local Focus* focus_in_use = nullptr;

class UseFocus {
 public:
  explicit UseFocus(Focus* focus) : outer_(focus_in_use) { focus_in_use = focus; }
  ~UseFocus() { focus_in_use = outer_; }
  UseFocus(const UseFocus&) = delete;
  UseFocus& operator=(const UseFocus&) = delete;

 private:
  Focus* outer_;
};

}  // namespace assay
