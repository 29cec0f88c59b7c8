// Tables of things (vCPUs, memslots, PEs), in two forms with one interface.
//
//   BoundedTable<T>    as many entries as the Shape in use says, for proof and exploration
//   SparseTable<T>     grows to what a trace holds (512 vCPUs, 32,767 memslots)
//
// A SparseTable allocates chunks only where something was touched, and references into it stay
// valid while it grows: the undo journal of a step relies on that. Entries never touched are
// *blank* (value-initialised). Loops skip untouched chunks and what lies behind the last touched
// entry of a chunk, so a rule's any/all/each must treat a blank entry as neutral; tests/model
// compares both forms.
#pragma once
#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace assay {

// How many of each thing exist; the meaning of each dimension belongs to the specification.
// All zero: tables grow.
struct Shape {
  std::array<unsigned, 8> size{};
  constexpr bool grows() const {
    for (unsigned n : size)
      if (n != 0) return false;
    return true;
  }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

// The shape with which this thread makes bounded tables.
inline Shape& shape_in_use() {
  static thread_local Shape shape;
  return shape;
}

// Makes bounded tables of this thread have a shape while it lives.
class UseShape {
 public:
  explicit UseShape(const Shape& shape) : outer_(shape_in_use()) { shape_in_use() = shape; }
  ~UseShape() { shape_in_use() = outer_; }
  UseShape(const UseShape&) = delete;
  UseShape& operator=(const UseShape&) = delete;

 private:
  Shape outer_;
};

// Its size is fixed when it is made. Under a shape that grows it begins empty, and an entry exists
// from its first use on.
template <class T>
class BoundedTable {
 public:
  static constexpr bool is_table = true;
  explicit BoundedTable(std::size_t size) : entries_(size), is_fixed_(size != 0) {}

  bool is_fixed() const { return is_fixed_; }
  T& operator[](std::size_t i) { return entry(i); }
  const T& operator[](std::size_t i) const { return entry(i); }
  // One past the highest index that may differ from blank.
  std::size_t extent() const { return entries_.size(); }
  bool can_hold(std::size_t i) const { return i < (is_fixed_ ? entries_.size() : entries_max); }
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < entries_.size(); ++i) f(entries_[i], i);
  }
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) f(std::as_const(entries_[i]), i);
  }
  template <class F>  // stops at the first entry for which f returns true
  bool find(F&& f) const {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (f(std::as_const(entries_[i]), i)) return true;
    return false;
  }

 private:
  static constexpr std::size_t entries_max = 0xffff;
  T& entry(std::size_t i) const {
    if (i >= entries_.size() && !is_fixed_) entries_.resize(i + 1);
    return entries_.at(i);
  }
  mutable std::deque<T> entries_;  // reading a blank entry makes it
  bool is_fixed_;
};

template <class T>
class SparseTable {
  static constexpr std::size_t chunk_size = 32;
  struct Chunk {
    std::array<T, chunk_size> entry{};
    std::size_t used = 0;  // one past the last entry that was touched
  };

 public:
  static constexpr bool is_table = true;
  static constexpr bool is_fixed() { return false; }
  // Below all ones of 16 bits, which means "not told" where an index is an argument.
  static constexpr std::size_t entries_max = 0xffff;

  SparseTable() = default;
  SparseTable(SparseTable&&) noexcept = default;
  SparseTable& operator=(SparseTable&&) noexcept = default;
  SparseTable(const SparseTable& other) : chunks_(other.chunks_.size()) { copy_from(other); }
  SparseTable& operator=(const SparseTable& other) {
    if (this != &other) {
      chunks_.clear();
      chunks_.resize(other.chunks_.size());
      copy_from(other);
    }
    return *this;
  }
  ~SparseTable() = default;

  T& operator[](std::size_t i) {
    std::size_t c = i / chunk_size;
    if (c >= chunks_.size()) chunks_.resize(c + 1);
    if (!chunks_[c]) chunks_[c] = std::make_unique<Chunk>();
    Chunk& chunk = *chunks_[c];
    if (i % chunk_size >= chunk.used) chunk.used = i % chunk_size + 1;
    return chunk.entry[i % chunk_size];
  }
  const T& operator[](std::size_t i) const {
    static const T blank{};
    std::size_t c = i / chunk_size;
    return c < chunks_.size() && chunks_[c] ? chunks_[c]->entry[i % chunk_size] : blank;
  }
  std::size_t extent() const {
    return chunks_.empty() ? 0 : (chunks_.size() - 1) * chunk_size + chunks_.back()->used;
  }
  bool can_hold(std::size_t i) const { return i < entries_max; }
  template <class F>
  void for_each(F&& f) {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      if (chunks_[c])
        for (std::size_t i = 0; i < chunks_[c]->used; ++i)
          f(chunks_[c]->entry[i], c * chunk_size + i);
  }
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      if (chunks_[c])
        for (std::size_t i = 0; i < chunks_[c]->used; ++i)
          f(std::as_const(chunks_[c]->entry[i]), c * chunk_size + i);
  }
  template <class F>
  bool find(F&& f) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      if (chunks_[c])
        for (std::size_t i = 0; i < chunks_[c]->used; ++i)
          if (f(std::as_const(chunks_[c]->entry[i]), c * chunk_size + i)) return true;
    return false;
  }

  // f(index of the first entry, entries) for the entries of each chunk up to the last that was
  // touched. They stay where they are.
  template <class F>
  void each_stretch(F&& f) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      if (chunks_[c])
        f(c * chunk_size, std::span<const T>(chunks_[c]->entry.data(), chunks_[c]->used));
  }
  // f(entry, index) for the entry that an address lies in; nothing when it lies in none.
  template <class F>
  void entry_at(const void* place, F&& f) const {
    const auto* at = static_cast<const std::byte*>(place);
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      if (!chunks_[c]) continue;
      const auto* begin = reinterpret_cast<const std::byte*>(chunks_[c]->entry.data());
      if (std::less<>{}(at, begin) || !std::less<>{}(at, begin + sizeof(chunks_[c]->entry)))
        continue;
      const std::size_t i = static_cast<std::size_t>(at - begin) / sizeof(T);
      return f(std::as_const(chunks_[c]->entry[i]), c * chunk_size + i);
    }
  }

 private:
  void copy_from(const SparseTable& other) {
    for (std::size_t c = 0; c < other.chunks_.size(); ++c)
      if (other.chunks_[c]) chunks_[c] = std::make_unique<Chunk>(*other.chunks_[c]);
  }
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

template <class T>
concept AnyTable = std::remove_cvref_t<T>::is_table;

}  // namespace assay
