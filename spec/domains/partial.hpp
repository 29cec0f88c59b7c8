// A system's states in the Partial domain.
#pragma once
#include "spec/partial_state.hpp"
#include "spec/state_ops.hpp"

namespace assay {

template <class T, class F>
void each_partial_pair(T& a, T& b, F&& f) {
  if constexpr (is_std_array<T>::value) {
    for (std::size_t i = 0; i < a.size(); ++i) each_partial_pair(a[i], b[i], f);
  } else if constexpr (AnyTable<T>) {
    b.for_each([&](auto&, std::size_t i) { a[i]; });
    a.for_each([&](auto& e, std::size_t i) { each_partial_pair(e, b[i], f); });
  } else if constexpr (Record<T>) {
    [&]<auto... P>(Members<P...>) { (each_partial_pair(a.*P, b.*P, f), ...); }
    (T::fields());
  } else {
    f(a, b);
  }
}

template <class T, class From>
void make_instance(T& t, const From& from, const Terms& terms) {
  if constexpr (is_std_array<T>::value) {
    for (std::size_t i = 0; i < t.size(); ++i) make_instance(t[i], from[i], terms);
  } else if constexpr (AnyTable<T>) {
    from.for_each([&](const auto& e, std::size_t i) { make_instance(t[i], e, terms); });
  } else if constexpr (Record<T>) {
    [&]<auto... P, auto... Q>(Members<P...>, Members<Q...>) {
      (make_instance(t.*P, from.*Q, terms), ...);
    }
    (T::fields(), From::fields());
  } else {
    store(t, static_cast<u64>(terms.value(from)));
    t.by = from.by;
  }
}

template <class State>
StateOps<Partial> partial_ops(const System& system) {
  StateOps<Partial> ops = basic_ops<Partial, State>(system);
  ops.each_leaf = [](const void* t, const std::function<void(PartialValue&)>& f) {
    each_partial_leaf(*static_cast<State*>(const_cast<void*>(t)), f);
  };
  ops.each_named_leaf = [](const void* t,
                           const std::function<void(const std::string&, PartialValue&)>& f) {
    each_partial_leaf(std::string(), *static_cast<State*>(const_cast<void*>(t)),
                      [&](PartialValue& leaf, const std::string& path) { f(path, leaf); });
  };
  ops.set = [](void* t, std::string_view path, u64 value) {
    return assign(*static_cast<State*>(t), path, value);
  };
  ops.leaf_at = [](const void* t, const void* place, std::string& path,
                   const std::function<void(PartialValue&)>& f) {
    return leaf_at(*static_cast<const State*>(t), place, path, [&](const auto& leaf) {
      f(const_cast<PartialValue&>(static_cast<const PartialValue&>(leaf)));
    });
  };
  return ops;
}

template <class TheSystem>
void add_operations(const System& system, SystemIn<Partial>& in) {
  using State = typename TheSystem::template State<Partial>;
  using Known = typename TheSystem::template State<Recorded>;
  using Hidden = SystemState<Partial>;
  in.state = partial_ops<State>(system);
  in.copied = [](const SystemState<Recorded>& from) {
    Hidden out = system_in<TheSystem, Partial>().blank();
    make_known(out.template as<State>(), from.as<Known>());
    return out;
  };
  in.drop_unused = [](Hidden& state) {
    each_table([](auto& table) { table.drop_unused(); }, state.template as<State>());
  };
  in.forget_rest = [](Hidden& state, const std::function<bool(std::string_view)>& is_forgotten) {
    each_named_table(
        "",
        [&](const std::string& path, auto& table) {
          if (is_forgotten(path)) table.forget_rest();
        },
        state.template as<State>());
  };
  in.use_entries = [](Hidden& state, std::size_t count) {
    each_table(
        [count](auto& table) {
          for (std::size_t i = 0; i < count; ++i) static_cast<void>(table[i]);
        },
        state.template as<State>());
  };
  in.each_pair = [](Hidden& a, Hidden& b,
                    const std::function<void(PartialValue&, PartialValue&)>& f) {
    each_partial_pair(a.template as<State>(), b.template as<State>(), f);
  };
  in.instance = [](const Hidden& state, const Terms& terms) {
    SystemState<Recorded> out = system_in<TheSystem, Recorded>().blank();
    make_instance(out.as<Known>(), state.template as<State>(), terms);
    return out;
  };
  in.least_host = [](const Hidden& state) {
    return TheSystem::template least_host<Partial>(state.template as<State>().host);
  };
}

}  // namespace assay
