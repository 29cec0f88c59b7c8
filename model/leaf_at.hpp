// A state as stretches of memory, and which of its leaves lies at an address: what a journal's
// entries are about.
//
// A walk that looks at addresses only, and makes the path of the one leaf that it finds: naming
// every leaf to find one made `assay explain` two hundred times slower than `assay check`.
#pragma once
#include <functional>
#include <string>

#include "model/fields.hpp"

namespace assay {

// f(stretch, bytes, copy) for the record and for each used stretch of its tables, with the same
// places of its copy. Entries that the copy lacks are made.
template <class T, class F>
void each_stretch(const T& t, T& copy, F&& f) {
  f(&t, sizeof t, &copy);
  each_table(
      [&](const auto& table, auto& other) {
        table.each_stretch([&](std::size_t first, const auto& entries) {
          // Used to the same extent, so that loops over the copy see as much.
          static_cast<void>(other[first + entries.size() - 1]);
          f(entries.data(), entries.size_bytes(), static_cast<void*>(&other[first]));
        });
      },
      t, copy);
}

template <class T>
bool holds_address(const T& t, const void* place) {
  const auto* begin = reinterpret_cast<const unsigned char*>(&t);
  const auto* at = static_cast<const unsigned char*>(place);
  return !std::less<>{}(at, begin) && std::less<>{}(at, begin + sizeof(T));
}

inline void prepend(std::string& path, const std::string& step) {
  path.insert(0, path.empty() || path[0] == '[' ? step : step + ".");
}

// Calls found(leaf) for the leaf at `place`, with its path ("vcpu[1].pmu.irq") in `path`. False
// when there is none. Entries of tables hold no tables of their own.
template <class T, class Found>
bool leaf_at(const T& t, const void* place, std::string& path, Found&& found) {
  if constexpr (is_std_array<T>::value || AnyTable<T>) {
    bool done = false;
    auto look = [&](const auto& entry, std::size_t i) {
      done = holds_address(entry, place) && leaf_at(entry, place, path, found);
      if (done) prepend(path, "[" + std::to_string(i) + "]");
      return done;
    };
    if constexpr (AnyTable<T>) return t.find(look);
    else
      for (std::size_t i = 0; i < t.size() && !done; ++i) look(t[i], i);
    return done;
  } else if constexpr (Record<T>) {
    bool done = false;
    each_member(
        [&](const char* name, const auto& member) {
          if (done || !leaf_at(member, place, path, found)) return;
          prepend(path, name);
          done = true;
        },
        t);
    return done;
  } else {
    if (static_cast<const void*>(&t) != place) return false;
    path.clear();
    found(t);
    return true;
  }
}

}  // namespace assay
