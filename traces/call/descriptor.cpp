#include "traces/call/descriptor.hpp"

#include <charconv>

namespace assay::traces {
namespace {

constexpr std::string_view anonymous = "anon_inode:";

// "kvm-vcpu:3" of a kind whose link is "kvm-vcpu": the id, -1 if there is none.
std::int32_t id_behind(std::string_view link, std::string_view of_kind) {
  if (!link.starts_with(of_kind) || link.size() <= of_kind.size() || link[of_kind.size()] != ':')
    return -1;
  const char* const begin = link.data() + of_kind.size() + 1;
  const char* const end = link.data() + link.size();
  std::int32_t id = -1;
  const auto parsed = std::from_chars(begin, end, id);
  return parsed.ec == std::errc{} && parsed.ptr == end && id >= 0 ? id : -1;
}

}  // namespace

Descriptor descriptor_of_link(std::string_view link) {
  std::string plain;
  if (link.starts_with("anon_inode:[") && link.ends_with(']')) {
    plain.append(anonymous).append(link.substr(12, link.size() - 13));
    link = plain;
  }
  for (const HandleDeclaration& known : system_handles()) {
    if (known.shows_id) {
      if (const std::int32_t id = id_behind(link, known.link); id >= 0) return {known.kind, id};
    } else if (link == known.link) {
      return {known.kind, -1};
    } else if (known.kind == HandleKind::system && link.starts_with(known.link) &&
               link.substr(std::string_view(known.link).size()).starts_with('<')) {
      return {known.kind, -1};  // strace -yy: /dev/kvm<char 10:232>
    }
  }
  // A device of a newer kernel. What has a colon is no device: kvm-vcpu-stats:0.
  const bool may_be_device = link.starts_with("anon_inode:kvm-") &&
                             link.find(':', anonymous.size()) == std::string_view::npos;
  return {may_be_device ? HandleKind::device : HandleKind::none, -1};
}

void append_link(Descriptor descriptor, std::string& out) {
  const HandleDeclaration* known = declaration_of(descriptor.kind);
  if (known == nullptr) return;
  out += known->link;
  if (known->shows_id)
    out.append(":").append(std::to_string(descriptor.id < 0 ? 0 : descriptor.id));
}

bool is_counted(HandleKind kind) {
  const HandleDeclaration* known = declaration_of(kind);
  return known != nullptr && known->is_counted;
}

bool is_device(HandleKind kind) { return kind == HandleKind::device || device_type(kind) != 0; }

std::uint32_t device_type(HandleKind kind) {
  const HandleDeclaration* known = declaration_of(kind);
  return known == nullptr ? 0 : known->device_type;
}

}  // namespace assay::traces
