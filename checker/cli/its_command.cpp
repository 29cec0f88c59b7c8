// assay its: the tables of an ITS in an image of guest memory, as KVM saves and restores them.
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "checker/cli/cli.hpp"
#include "traces/its/tables.hpp"

namespace assay::cli {
namespace {

namespace its = traces::its;

struct ItsArguments {
  std::string image, base = "0", devices, collections;
  std::uint64_t vcpus = 1;
};

bool read_number(std::string_view text, std::uint64_t& out) {
  int radix = 10;
  if (text.starts_with("0x")) text.remove_prefix(2), radix = 16;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, radix);
  return error == std::errc{} && end == text.data() + text.size();
}

// "0x80000000:65536"
bool read_table(std::string_view text, its::TableAt& out) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && read_number(text.substr(0, colon), out.address) &&
         read_number(text.substr(colon + 1), out.bytes) && out.bytes % its::entry_bytes == 0;
}

nlohmann::ordered_json json_of(const its::Reading& reading) {
  nlohmann::ordered_json out{{"answer", std::string(name_of(reading.answer()))}};
  out["collections"] = nlohmann::ordered_json::array();
  for (const its::Collection& c : reading.tables.collections)
    out["collections"].push_back({{"id", c.id}, {"vcpu", c.vcpu}});
  out["devices"] = nlohmann::ordered_json::array();
  for (const its::Device& d : reading.tables.devices) {
    nlohmann::ordered_json device{{"id", d.id}, {"table", d.table}, {"event_bits", d.event_bits}};
    device["translations"] = nlohmann::ordered_json::array();
    for (const its::Translation& t : d.translations)
      device["translations"].push_back(
          {{"event", t.event}, {"lpi", t.lpi}, {"collection", t.collection}});
    out["devices"].push_back(device);
  }
  out["problems"] = nlohmann::ordered_json::array();
  for (const its::Problem& p : reading.problems)
    out["problems"].push_back(
        {{"address", p.address}, {"answer", std::string(name_of(p.code))}, {"what", p.what}});
  return out;
}

void print(const its::Reading& reading) {
  for (const its::Collection& c : reading.tables.collections)
    fmt::print("collection {} vcpu {}\n", c.id, c.vcpu);
  for (const its::Device& d : reading.tables.devices) {
    fmt::print("device {} table {:#x} event_bits {}\n", d.id, d.table, d.event_bits);
    for (const its::Translation& t : d.translations)
      fmt::print("  event {} lpi {} collection {}\n", t.event, t.lpi, t.collection);
  }
  for (const its::Problem& p : reading.problems)
    fmt::print("{:#x}: {} ({})\n", p.address, p.what,
               p.code == Errno::ok ? "RESTORE_TABLES does not notice"
                                   : "RESTORE_TABLES answers " + std::string(name_of(p.code)));
  fmt::print("{}\n", reading.problems.empty() ? "conforms" : "violates");
}

int run(const ItsArguments& a, const Common& common) {
  its::Image image;
  image.vcpus = a.vcpus;
  if (!read_number(a.base, image.base) || !read_table(a.devices, image.devices) ||
      !read_table(a.collections, image.collections)) {
    fmt::print(stderr, "assay: a table is ADDRESS:BYTES, of whole entries of 8 bytes\n");
    return exit_usage;
  }
  std::ifstream in(a.image, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) {
    fmt::print(stderr, "assay: cannot read {}\n", a.image);
    return exit_usage;
  }
  image.memory = {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  const its::Reading reading = its::read_tables(image);
  if (common.json) fmt::print("{}\n", json_of(reading).dump(2));
  else if (!common.quiet) print(reading);
  return reading.problems.empty() ? exit_ok : exit_found;
}

}  // namespace

void add_its(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("its", "judge the tables of an ITS in an image of guest memory");
  auto a = std::make_shared<ItsArguments>();
  command->add_option("IMAGE", a->image, "guest memory, as it is")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--base", a->base, "guest address of the first byte of the image");
  command->add_option("--devices", a->devices, "the device table")
      ->required()
      ->type_name("ADDRESS:BYTES");
  command->add_option("--collections", a->collections, "the collection table")
      ->required()
      ->type_name("ADDRESS:BYTES");
  command->add_option("--vcpus", a->vcpus, "how many vCPUs the VM has")->check(CLI::PositiveNumber);
  add_common(*command, common, as_json);
  command->callback([a, &common] { common.status = run(*a, common); });
}

}  // namespace assay::cli
