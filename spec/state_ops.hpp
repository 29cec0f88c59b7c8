// The tables of functions behind erased states and hosts (spec/system_state.hpp), for one system in
// one domain. Included by the translation units that the build makes of system_in.cpp.in.
#pragma once
#include <algorithm>

#include "model/leaf_at.hpp"
#include "spec/system.hpp"

namespace assay {

// Concrete and Recorded.
template <class D>
inline constexpr bool has_numbers = has_claims<D> && !D::merges;

// What all domains can do with a record.
template <class D, class T>
StateOps<D> basic_ops(const System& system) {
  StateOps<D> ops;
  ops.system = &system;
  ops.make = [] { return static_cast<void*>(new T{}); };
  ops.copy = [](const void* from) {
    return static_cast<void*>(new T(*static_cast<const T*>(from)));
  };
  ops.assign = [](void* to, const void* from) {
    *static_cast<T*>(to) = *static_cast<const T*>(from);
  };
  ops.destroy = [](void* p) { delete static_cast<T*>(p); };
  return ops;
}

// Concrete, Recorded.
template <class D, class T>
StateOps<D> number_ops(const System& system) {
  StateOps<D> ops = basic_ops<D, T>(system);
  ops.each_leaf = [](const void* t, const std::function<void(PlainLeaf)>& f) {
    leaves([&](const auto& leaf) { f(PlainLeaf(leaf)); }, *static_cast<const T*>(t));
  };
  ops.each_named_leaf = [](const void* t,
                           const std::function<void(const std::string&, PlainLeaf)>& f) {
    named_leaves(
        "", [&](const std::string& path, const auto& leaf) { f(path, PlainLeaf(leaf)); },
        *static_cast<const T*>(t));
  };
  ops.set = [](void* t, std::string_view path, u64 value) {
    return assign(*static_cast<T*>(t), path, value);
  };
  ops.leaf_at = [](const void* t, const void* place, std::string& path,
                   const std::function<void(PlainLeaf)>& f) {
    return leaf_at(*static_cast<const T*>(t), place, path,
                   [&](const auto& leaf) { f(PlainLeaf(leaf)); });
  };
  ops.same = [](const void* a, const void* b) {
    return same_values(*static_cast<const T*>(a), *static_cast<const T*>(b));
  };
  ops.hash = [](const void* t) { return hash_values(*static_cast<const T*>(t)); };
  ops.longest_table = [](const void* t) {
    std::size_t longest = 0;
    each_table([&](const auto& table) { longest = std::max(longest, table.extent()); },
               *static_cast<const T*>(t));
    return longest;
  };
  ops.each_stretch = [](const void* t, void* copy,
                        const std::function<void(const void*, std::size_t, void*)>& f) {
    each_stretch(*static_cast<const T*>(t), *static_cast<T*>(copy), f);
  };
  return ops;
}

// A part of the state that a field list leaves out would be compared, copied and shown by nobody.
template <class T>
constexpr bool all_complete() {
  if constexpr (is_std_array<T>::value || AnyTable<T>) {
    return all_complete<std::remove_cvref_t<decltype(std::declval<T&>()[0])>>();
  } else if constexpr (Record<T>) {
    return complete<T>()&&[]<auto... P>(Members<P...>) {
      return (all_complete<std::remove_cvref_t<decltype(std::declval<T&>().*P)>>() && ...);
    }
    (T::fields());
  } else {
    return true;
  }
}

// The host of a system, on its own.
template <class TheSystem>
using HostOf = std::remove_cvref_t<
    decltype(std::declval<typename TheSystem::template State<Concrete>&>().host)>;
template <class TheSystem>
const StateOps<Concrete>& host_ops(const System& system) {
  static const StateOps<Concrete> ops = number_ops<Concrete, HostOf<TheSystem>>(system);
  return ops;
}
// A host as tools keep it.
template <class Host>
SystemHost erased_host(const StateOps<Concrete>& ops, const Host& host) {
  SystemHost out(ops);
  out.as<Host>() = host;
  return out;
}

// The system in a domain; defined by its unit of that domain.
template <class TheSystem, class D>
const SystemIn<D>& system_in();

// Fills in what a domain can do with the system's states. Domains that can do more have an overload
// of their own in spec/domains.
template <class TheSystem, class D>
void add_operations(const System& system, SystemIn<D>& in) {
  using State = typename TheSystem::template State<D>;
  if constexpr (has_numbers<D>) {
    in.state = number_ops<D, State>(system);
    in.on_host = [](const SystemHost& host) {
      SystemState<D> state = system_in<TheSystem, D>().blank();
      if (!host.empty())
        leaves([](auto& leaf, const auto& from) { store(leaf, raw(from)); },
               state.template as<State>().host, host.as<HostOf<TheSystem>>());
      return state;
    };
  } else {
    in.state = basic_ops<D, State>(system);
  }
  if constexpr (std::is_same_v<D, Concrete>) {
    static_assert(all_complete<State>(), "a member is missing from fields()");
    in.host_of = [](const SystemState<D>& state) {
      return erased_host(host_ops<TheSystem>(state.system()), state.template as<State>().host);
    };
  }
}

// What a system says of itself, with its subjects' rules and handles.
template <class TheSystem>
SystemInfo joined_info(const std::vector<RuleInfo>& rules,
                       const std::vector<HandleDeclaration>& handles) {
  using Host = HostOf<TheSystem>;
  static constexpr auto ops = []() -> const StateOps<Concrete>& {
    return host_ops<TheSystem>(*system_in<TheSystem, Concrete>().state.system);
  };
  SystemInfo info = TheSystem::info();
  info.blank_host = [] { return SystemHost(ops()); };
  info.usual_host = [] { return erased_host(ops(), TheSystem::usual_host()); };
  info.typical_host = [](const Shape& shape) {
    return erased_host(ops(), TheSystem::typical_host(shape));
  };
  info.fit_host = [](SystemHost& host, const Shape& shape) {
    TheSystem::fit_host(host.as<Host>(), shape);
  };
  info.host_is_possible = [](const SystemHost& host) -> bool {
    return TheSystem::template is_possible<Concrete>(host.as<Host>());
  };
  info.cpus = [](const SystemHost& host) {
    return host.empty() ? std::vector<u64>{} : TheSystem::cpus(host.as<Host>());
  };
  info.rules = rules;
  for (u32 rule = 0; rule < rules.size(); ++rule) info.rule_by_name.emplace(rules[rule].name, rule);
  info.handles = handles;
  return info;
}

}  // namespace assay
