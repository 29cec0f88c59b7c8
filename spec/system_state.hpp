// States and hosts of which only the domain is known, not the system: what tools hold.
//
// Each is an owning value: copying it copies the state. What can be done with one goes through a
// table of functions that the system's own translation units fill in (spec/state_ops.hpp), so tools
// are compiled once for all systems. Those who know the system get at the state itself with as<>().
#pragma once
#include <cstring>
#include <functional>
#include <string>
#include <utility>

#include "model/dispatch.hpp"

namespace assay {

class System;
template <class D>
class SystemState;

// A flag, word or number of a state with plain values, whatever its width.
class PlainLeaf {
 public:
  // A leaf of a constant state may be looked at only.
  template <class T>
  explicit PlainLeaf(T& leaf)
      : place_(const_cast<std::remove_const_t<T>*>(&leaf)),
        width_(leaf_width<std::remove_const_t<T>>()),
        read_([](const void* p) { return raw(*static_cast<const T*>(p)); }),
        write_([](void* p, u64 v) { assay::store(*static_cast<std::remove_const_t<T>*>(p), v); }) {
    if constexpr (requires { leaf.by; }) by_ = leaf.by;
  }
  u64 value() const { return read_(place_); }
  // Bits that do not fit are cut off.
  void store(u64 value) const { write_(place_, value); }
  unsigned width() const { return width_; }
  // Which event wrote it last, in domains that know.
  u32 by() const { return by_; }
  // The value that the bytes of such a leaf stand for, as a journal keeps them.
  u64 value_of(const unsigned char* bytes, std::size_t count) const {
    alignas(16) unsigned char aligned[Journal::leaf_bytes_max];
    std::memcpy(aligned, bytes, count);
    return read_(aligned);
  }

 private:
  void* place_;
  unsigned width_;
  u32 by_ = 0;
  u64 (*read_)(const void*);
  void (*write_)(void*, u64);
};
inline u64 raw(const PlainLeaf& leaf) { return leaf.value(); }

// How a domain shows a leaf of which the type is not known.
template <class D>
struct LeafOf {
  using type = PlainLeaf;
};
template <class D>
requires requires { typename D::Leaf; }
struct LeafOf<D> {
  using type = typename D::Leaf;
};

// What a domain can do with a rule: RuleOps in domains that execute, MakeCall in domains that
// merge.
template <class D>
struct OpsOf {
  using type = RuleOps<D, SystemState<D>>;
};
template <class D>
requires(D::merges) struct OpsOf<D> {
  using type = MakeCall<D, SystemState<D>>;
};

// Null where the domain does not have the operation.
template <class D>
struct StateOps {
  using Leaf = typename LeafOf<D>::type;
  const System* system = nullptr;
  const typename OpsOf<D>::type* rules = nullptr;  // of a state, by number
  void* (*make)() = nullptr;                       // blank; tables have the shape in use
  void* (*copy)(const void*) = nullptr;
  void (*assign)(void* to, const void* from) = nullptr;
  void (*destroy)(void*) = nullptr;
  // Concrete, Recorded, Partial, Symbolic. In the order of the field lists.
  void (*each_leaf)(const void*, const std::function<void(Leaf)>&) = nullptr;
  void (*each_named_leaf)(const void*,
                          const std::function<void(const std::string& path, Leaf)>&) = nullptr;
  // Concrete, Recorded, Partial.
  bool (*set)(void*, std::string_view path, u64) = nullptr;
  bool (*leaf_at)(const void*, const void* place, std::string& path,
                  const std::function<void(Leaf)>&) = nullptr;
  // Concrete, Recorded.
  bool (*same)(const void*, const void*) = nullptr;
  u64 (*hash)(const void*) = nullptr;
  std::size_t (*longest_table)(const void*) = nullptr;  // how far its longest table is used
  void (*each_stretch)(const void*, void* copy,
                       const std::function<void(const void* from, std::size_t bytes, void* to)>&) =
      nullptr;
};

// A record of a system's that tools keep.
template <class D>
class ErasedRecord {
 public:
  using Leaf = typename LeafOf<D>::type;

  ErasedRecord() = default;  // nothing
  explicit ErasedRecord(const StateOps<D>& ops) : ops_(&ops), record_(ops.make()) {}
  // Takes over a record that ops.make() or ops.copy() made.
  ErasedRecord(const StateOps<D>& ops, void* made) : ops_(&ops), record_(made) {}
  ErasedRecord(const ErasedRecord& other)
      : ops_(other.ops_), record_(other.empty() ? nullptr : ops_->copy(other.record_)) {}
  ErasedRecord(ErasedRecord&& other) noexcept
      : ops_(std::exchange(other.ops_, nullptr)), record_(std::exchange(other.record_, nullptr)) {}
  ErasedRecord& operator=(const ErasedRecord& other) {
    if (this == &other) return *this;
    if (ops_ == other.ops_ && !empty()) ops_->assign(record_, other.record_);
    else *this = ErasedRecord(other);
    return *this;
  }
  ErasedRecord& operator=(ErasedRecord&& other) noexcept {
    std::swap(ops_, other.ops_);
    std::swap(record_, other.record_);
    return *this;
  }
  ~ErasedRecord() {
    if (!empty()) ops_->destroy(record_);
  }

  bool empty() const { return record_ == nullptr; }
  // Of what is not empty.
  const System& system() const { return *ops_->system; }
  const StateOps<D>& ops() const { return *ops_; }
  // The record itself. T must be its type: that of this system in this domain.
  template <class T>
  T& as() {
    return *static_cast<T*>(record_);
  }
  template <class T>
  const T& as() const {
    return *static_cast<const T*>(record_);
  }
  void* address() { return record_; }
  const void* address() const { return record_; }

  // f(leaf) and f(path, leaf) for each leaf; nothing for an empty record.
  template <class F>
  void each_leaf(F&& f) const {
    if (!empty()) ops_->each_leaf(record_, std::forward<F>(f));
  }
  template <class F>
  void each_named_leaf(F&& f) const {
    if (!empty()) ops_->each_named_leaf(record_, std::forward<F>(f));
  }
  // Stores a value into the leaf with this path; false when there is none.
  bool set(std::string_view path, u64 value) { return !empty() && ops_->set(record_, path, value); }
  // f(leaf) for the leaf at an address, with its path; false when there is none.
  template <class F>
  bool leaf_at(const void* place, std::string& path, F&& f) const {
    return ops_->leaf_at(record_, place, path, std::forward<F>(f));
  }

 private:
  const StateOps<D>* ops_ = nullptr;
  void* record_ = nullptr;
};

template <class R>
concept Erased = requires(const R& record) {
  record.ops();
  record.address();
};
// Equal in every leaf.
template <Erased R>
bool same_values(const R& a, const R& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  return &a.ops() == &b.ops() && a.ops().same(a.address(), b.address());
}
// A hash of the leaves that are not zero.
template <Erased R>
u64 hash_values(const R& a) {
  return a.empty() ? 0 : a.ops().hash(a.address());
}

// The state that rules work on.
template <class D>
class SystemState : public ErasedRecord<D> {
 public:
  using ErasedRecord<D>::ErasedRecord;
};

// What an implementation runs on and never changes. Empty: nothing is told.
class SystemHost : public ErasedRecord<Concrete> {
 public:
  using ErasedRecord<Concrete>::ErasedRecord;
  // Whether no leaf of it is other than zero.
  bool is_blank() const {
    bool blank = true;
    each_leaf([&](const PlainLeaf& leaf) { blank = blank && leaf.value() == 0; });
    return blank;
  }
};

}  // namespace assay
