#include "checker/cli/shape_option.hpp"

#include <fmt/format.h>

#include <charconv>

namespace assay::cli {
namespace {

unsigned* size_named(std::string_view name, prove::Options& options) {
  const auto dimensions = prove::system_of(options).info().dimensions;
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    if (name == dimensions[i].name) return &options.shape.size[i];
  return nullptr;
}

// "vcpus=N,pes=N,...": the dimensions of the profile's system.
std::string wanted(const prove::Options& options) {
  std::string out;
  for (const Dimension& d : prove::system_of(options).info().dimensions)
    out += fmt::format("{}{}=N", out.empty() ? "" : ",", d.name);
  return out;
}

bool read_size(std::string_view part, prove::Options& options) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) return false;
  unsigned* size = size_named(part.substr(0, equals), options);
  const std::string_view digits = part.substr(equals + 1);
  const char* const end = digits.data() + digits.size();
  unsigned value = 0;
  const auto [last, error] = std::from_chars(digits.data(), end, value);
  if (size == nullptr || error != std::errc{} || last != end) return false;
  *size = value;
  return true;
}

}  // namespace

bool read_shape(std::string_view text, prove::Options& options) {
  options.shape = prove::shape_of(options);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (!read_size(text.substr(0, end), options)) {
      fmt::print(stderr, "assay: --shape wants {}\n", wanted(options));
      return false;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!options.shape.grows()) return true;
  fmt::print(stderr, "assay: a shape needs at least one of each thing\n");
  return false;
}

}  // namespace assay::cli
