// The names of what a value of the state can be: enumerators as the compiler prints them, or a
// table beside constants.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "model/bits.hpp"

namespace assay {

struct NamedValue {
  u64 value;
  std::string_view name;
};

// "full" of SpuEvent::full; empty where no enumerator has the value. The compiler prints it as
// "... value = SpuEvent::full]", and another value as "... value = (SpuEvent)9]".
template <auto value>
constexpr std::string_view printed_enumerator() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("value = ") + 8;
  const std::size_t end = text.find_first_of(";]", begin);
  const std::string_view printed = text.substr(begin, end - begin);
  if (printed.find('(') != std::string_view::npos) return {};
  const std::size_t colon = printed.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : printed.substr(colon + 1);
}

// Values of enumerations of the specification begin at 0 and have no gaps.
template <class Enum, std::size_t n = 0>
constexpr std::size_t enumerators() {
  if constexpr (printed_enumerator<static_cast<Enum>(n)>().empty()) return n;
  else return enumerators<Enum, n + 1>();
}

template <class Enum>
inline constexpr auto names_of_values = []<std::size_t... n>(std::index_sequence<n...>) {
  return std::array{NamedValue{n, printed_enumerator<static_cast<Enum>(n)>()}...};
}
(std::make_index_sequence<enumerators<Enum>()>{});

}  // namespace assay
