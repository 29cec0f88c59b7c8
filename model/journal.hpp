// The undo journal of a step: what every assignment replaced.
//
// Trace checking applies a rule to the state in place. When the outcome does not match what was
// observed, the step is taken back; when it does, the journal is the difference between the
// states before and after, at no further cost.
#pragma once
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

namespace assay {

class Journal {
 public:
  static constexpr std::size_t leaf_bytes_max = 48;
  struct Entry {
    void* place;
    unsigned bytes;
    unsigned char before[leaf_bytes_max];
    Entry() {}  // clearing what save() writes was a tenth of a short step
  };

  template <class T>
  void save(T& place) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= leaf_bytes_max);
    Entry& e = entries_.emplace_back();
    e.place = &place;
    e.bytes = sizeof(T);
    std::memcpy(e.before, &place, sizeof(T));
  }
  // Says that what a saved place held is replaced by another value, and not by the same.
  void note_change() { changes_ = true; }
  // Takes back everything since clear(), newest first.
  void undo() {
    changes_ = false;
    while (!entries_.empty()) {
      Entry& e = entries_.back();
      std::memcpy(e.place, e.before, e.bytes);
      entries_.pop_back();
    }
  }
  void clear() {
    entries_.clear();
    changes_ = false;
  }
  bool empty() const { return entries_.empty(); }
  // Whether a value is another than at clear(). Who wrote it does not count; a value that went and
  // came back does.
  bool changes() const { return changes_; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  bool changes_ = false;
};

}  // namespace assay
