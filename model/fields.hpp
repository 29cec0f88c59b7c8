// One field list per struct gives printing, diffing, hashing, conversion between domains, fresh
// symbolic states and trace text.
//
//   template <class D> struct PmuVcpu {
//     FlagCell<D> created{};
//     WordCell<D, 10> irq{};
//     static constexpr auto fields() { return members<&PmuVcpu::created, &PmuVcpu::irq>; }
//   };
//   static_assert(complete<PmuVcpu<Concrete>>());   // fails when a member is missing
#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "model/domain.hpp"

namespace assay {

// A field list: pointers to members, in order. Names come from the compiler.
template <auto... Pointer>
struct Members {
  static constexpr std::size_t count = sizeof...(Pointer);
};
template <auto... Pointer>
inline constexpr Members<Pointer...> members{};
// One list after the other.
template <auto... A, auto... B>
constexpr Members<A..., B...> operator+(Members<A...>, Members<B...>) {
  return {};
}

// A struct that has the members of others by deriving from them says so with
// `using Parts = PartList<...>`; their lists are in its own.
template <class... Part>
struct PartList {};

// "irq" of &PmuVcpu::irq. The compiler prints the constant as "... Pointer = &PmuVcpu<D>::irq]" or
// with more parameters behind a semicolon.
template <auto Pointer>
constexpr std::string_view printed_member() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("Pointer = ");
  const std::size_t end = std::min(text.find(';', begin), text.rfind(']'));
  const std::size_t colon = text.rfind(':', end);
  return text.substr(colon + 1, end - colon - 1);
}
template <auto Pointer>
struct MemberName {
  static constexpr auto text = [] {
    constexpr std::string_view name = printed_member<Pointer>();
    std::array<char, name.size() + 1> out{};
    for (std::size_t i = 0; i < name.size(); ++i) out[i] = name[i];
    return out;
  }();
};
// The class that a pointer to member belongs to.
template <class Class, class T>
Class class_of(T Class::*);
// Lives as long as the program. A class may give a member another name: member_name(pointer).
template <auto Pointer>
constexpr const char* name_of_member() {
  using Class = decltype(class_of(Pointer));
  if constexpr (requires { Class::member_name(Pointer); }) return Class::member_name(Pointer);
  else return MemberName<Pointer>::text.data();
}

template <class T>
struct is_std_array : std::false_type {};
template <class T, std::size_t N>
struct is_std_array<std::array<T, N>> : std::true_type {};

template <class T>
concept Record = requires {
  std::remove_cvref_t<T>::fields();
};

template <class T>
constexpr std::size_t field_count() {
  return decltype(T::fields())::count;
}

// --- leaves as numbers (domains that have plain values) ---------------------------------------
inline u64 raw(bool v) { return v; }
template <unsigned N>
u64 raw(Bits<N> v) {
  return v.value();
}
inline u64 raw(Number v) { return v.value(); }
template <class T>
u64 raw(const WrittenCell<T>& c) {
  return raw(c.value);
}

// Stores a number into a leaf; bits that do not fit are cut off (random states use that).
inline void store(bool& leaf, u64 v) { leaf = (v & 1) != 0; }
template <unsigned N>
void store(Bits<N>& leaf, u64 v) {
  leaf = Bits<N>::wrap(v);
}
inline void store(Number& leaf, u64 v) { leaf = Number(v); }
template <class T>
void store(WrittenCell<T>& leaf, u64 v) {
  store(leaf.value, v);
}

template <class T>
constexpr unsigned leaf_width() {
  if constexpr (requires { T::width; }) return T::width;
  else if constexpr (requires { std::declval<T>().value.value(); })
    return leaf_width<std::remove_cvref_t<decltype(std::declval<T>().value)>>();
  else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, WrittenCell<bool>>) return 1;
  else return 64;
}

// --- walking ----------------------------------------------------------------------------------

template <class F, class T, class... U>
constexpr void leaves(F&& f, T& t, U&... u);

// Corresponding members of one, two or three records.
template <class F, class T, auto... P>
constexpr void member_leaves(F& f, Members<P...>, T& t) {
  (leaves(f, t.*P), ...);
}
template <class F, class T, class U, auto... P, auto... Q>
constexpr void member_leaves(F& f, Members<P...>, Members<Q...>, T& t, U& u) {
  (leaves(f, t.*P, u.*Q), ...);
}
template <class F, class T, class U, class V, auto... P, auto... Q, auto... R>
constexpr void member_leaves(F& f, Members<P...>, Members<Q...>, Members<R...>, T& t, U& u, V& v) {
  (leaves(f, t.*P, u.*Q, v.*R), ...);
}

// Visits corresponding leaves (flags, words, numbers) of equally shaped values, which may live
// in different domains. Growing tables are walked to the largest extent, where const ones read as
// blank; as soon as one is of fixed size, what it holds is walked.
template <class F, class T, class... U>
constexpr void leaves(F&& f, T& t, U&... u) {
  using Plain = std::remove_const_t<T>;
  if constexpr (is_std_array<Plain>::value) {
    for (std::size_t i = 0; i < t.size(); ++i) leaves(f, t[i], u[i]...);
  } else if constexpr (AnyTable<Plain>) {
    std::size_t n = t.extent();
    if (!t.is_fixed()) ((n = u.is_fixed() || u.extent() > n ? u.extent() : n), ...);
    for (std::size_t i = 0; i < n; ++i) leaves(f, t[i], u[i]...);
  } else if constexpr (Record<Plain>) {
    member_leaves(f, Plain::fields(), std::remove_const_t<U>::fields()..., t, u...);
  } else {
    f(t, u...);
  }
}

// f(name, member) for each member of a record.
template <class F, class T, auto... P>
constexpr void each_member(F&& f, Members<P...>, T& t) {
  (f(name_of_member<P>(), t.*P), ...);
}
template <class F, class T>
constexpr void each_member(F&& f, T& t) {
  each_member(f, std::remove_const_t<T>::fields(), t);
}

// f(table) for each table of a record, or f(table, other) for those of two that are alike. Entries
// of tables hold no tables of their own.
template <class F, class T, class... U>
void each_table(F&& f, T& t, U&... u);
template <class F, class T, auto... P>
void member_tables(F& f, Members<P...>, T& t) {
  (each_table(f, t.*P), ...);
}
template <class F, class T, class U, auto... P, auto... Q>
void member_tables(F& f, Members<P...>, Members<Q...>, T& t, U& u) {
  (each_table(f, t.*P, u.*Q), ...);
}
template <class F, class T, class... U>
void each_table(F&& f, T& t, U&... u) {
  using Plain = std::remove_const_t<T>;
  if constexpr (AnyTable<Plain>) f(t, u...);
  else if constexpr (Record<Plain>)
    member_tables(f, Plain::fields(), std::remove_const_t<U>::fields()..., t, u...);
}

// f(path, table) for each table of a record.
template <class F, class T>
void each_named_table(const std::string& path, F&& f, T& t) {
  using Plain = std::remove_const_t<T>;
  if constexpr (AnyTable<Plain>) {
    f(path, t);
  } else if constexpr (Record<Plain>) {
    each_member(
        [&](const char* name, auto& member) {
          each_named_table(path.empty() ? std::string(name) : path + "." + name, f, member);
        },
        t);
  }
}

// As leaves() over one value, with the path of each leaf: "vcpu[1].pmu.irq".
template <class F, class T>
void named_leaves(const std::string& path, F&& f, T& t) {
  using Plain = std::remove_const_t<T>;
  if constexpr (is_std_array<Plain>::value) {
    for (std::size_t i = 0; i < t.size(); ++i)
      named_leaves(path + "[" + std::to_string(i) + "]", f, t[i]);
  } else if constexpr (AnyTable<Plain>) {
    for (std::size_t i = 0; i < t.extent(); ++i)
      named_leaves(path + "[" + std::to_string(i) + "]", f, t[i]);
  } else if constexpr (Record<Plain>) {
    each_member(
        [&](const char* name, auto& member) {
          named_leaves(path.empty() ? std::string(name) : path + "." + name, f, member);
        },
        t);
  } else {
    f(path, t);
  }
}

// Stores `value` into the leaf with this path; table entries are created. False when the path
// names no leaf or the index is beyond the table.
template <class T>
bool assign(T& t, std::string_view path, u64 value) {
  if constexpr (is_std_array<T>::value || AnyTable<T>) {
    if (path.empty() || path[0] != '[') return false;
    std::size_t close = path.find(']'), index = 0;
    if (close == std::string_view::npos) return false;
    auto digits = path.substr(1, close - 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc{} || end != digits.data() + digits.size()) return false;
    if constexpr (is_std_array<T>::value) {
      if (index >= t.size()) return false;
    } else if (!t.can_hold(index)) {
      return false;
    }
    path.remove_prefix(close + 1);
    if (path.starts_with('.')) path.remove_prefix(1);
    return assign(t[index], path, value);
  } else if constexpr (Record<T>) {
    bool done = false;
    each_member(
        [&](std::string_view name, auto& member) {
          if (done || !path.starts_with(name)) return;
          std::string_view rest = path.substr(name.size());
          if (rest.empty() || rest[0] == '[') done = assign(member, rest, value);
          else if (rest[0] == '.') done = assign(member, rest.substr(1), value);
        },
        t);
    return done;
  } else {
    if (!path.empty()) return false;
    store(t, value);
    return true;
  }
}

// --- comparing -----------------------------------------------------------------------------
// Equal in every leaf. Writers (WrittenCell::by) do not count.
template <class A, class B>
bool same_values(const A& a, const B& b) {
  bool same = true;
  leaves([&](const auto& x, const auto& y) { same = same && raw(x) == raw(y); }, a, b);
  return same;
}

// Copies the values of a record to one of another domain. Entries of tables that are blank stay
// untouched there, so that tables of another kind grow no further than they are used.
template <class To, class From>
void copy_values(To& to, const From& from);
template <auto... P, auto... Q, class To, class From>
void copy_members(Members<P...>, Members<Q...>, To& to, const From& from) {
  (copy_values(to.*P, from.*Q), ...);
}
template <class To, class From>
void copy_values(To& to, const From& from) {
  if constexpr (AnyTable<From>) {
    from.for_each([&](const auto& entry, std::size_t i) {
      u64 all = 0;
      leaves([&](const auto& leaf) { all |= raw(leaf); }, entry);
      if (all != 0) copy_values(to[i], entry);
    });
  } else if constexpr (Record<From>) {
    copy_members(To::fields(), From::fields(), to, from);
  } else if constexpr (is_std_array<From>::value) {
    for (std::size_t i = 0; i < from.size(); ++i) copy_values(to[i], from[i]);
  } else {
    store(to, raw(from));
  }
}

// A 64-bit hash of the non-blank leaves (FNV-1a over position and value), for deduplication.
// Blank leaves do not count, so the extent of a growing table does not either.
template <class T>
u64 hash_values(const T& t) {
  u64 h = 0xcbf29ce484222325ull, at = 0;
  leaves(
      [&](const auto& leaf) {
        ++at;
        if (u64 v = raw(leaf); v != 0)
          h = (h ^ (v * 0x9e3779b97f4a7c15ull + at)) * 0x100000001b3ull;
      },
      t);
  return h;
}

// --- completeness -------------------------------------------------------------------------------
struct anything {
  template <class T>
  constexpr operator T() const;
};

template <class T, class... A>
constexpr std::size_t member_count() {
  if constexpr (requires { T{A{}..., anything{}}; }) return member_count<T, A..., anything>();
  else return sizeof...(A);
}

template <class T>
constexpr bool complete();

// To an initialiser, a base is one member.
template <class T, class... Part>
constexpr bool complete_with(PartList<Part...>) {
  const std::size_t own = member_count<T>() - sizeof...(Part);
  return (complete<Part>() && ...) && field_count<T>() == (own + ... + field_count<Part>());
}

template <class T>
constexpr bool complete() {
  if constexpr (requires { typename T::Parts; }) return complete_with<T>(typename T::Parts{});
  else return field_count<T>() == member_count<T>();
}

}  // namespace assay
