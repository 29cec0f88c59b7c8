#include "checker/cli/shape_option.hpp"

#include <fmt/format.h>

#include <charconv>

namespace assay::cli {
namespace {

unsigned* size_named(std::string_view name, prove::Options& options) {
  if (name == "vcpus") return &options.vcpus;
  if (name == "pes") return &options.pes;
  if (name == "slots") return &options.slots;
  if (name == "pmus") return &options.pmus;
  if (name == "regions") return &options.regions;
  return nullptr;
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
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (!read_size(text.substr(0, end), options)) {
      fmt::print(stderr, "assay: --shape wants vcpus=N,pes=N,slots=N,pmus=N,regions=N\n");
      return false;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace assay::cli
