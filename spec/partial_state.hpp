// States of which not everything is known, of any system.
#pragma once
#include "model/partial.hpp"
#include "spec/system.hpp"

namespace assay {

// What the Partial domain can do with a system's states. Leaves are those of entries that exist.
template <>
struct OnlyIn<Partial> {
  using State = SystemState<Partial>;
  // Ends the life of entries of tables that were handed out for "some other entry". A journal that
  // names them must have been cleared.
  void (*drop_unused)(State&) = nullptr;
  // Of tables whose path is forgotten nothing is known of the entries that were never used.
  void (*forget_rest)(State&,
                      const std::function<bool(std::string_view path)>& is_forgotten) = nullptr;
  // Makes the first so many entries of each table exist.
  void (*use_entries)(State&, std::size_t count) = nullptr;
  // f(leaf, other leaf) for each leaf that one of the two uses.
  void (*each_pair)(State&, State&,
                    const std::function<void(PartialValue&, PartialValue&)>& f) = nullptr;
  // The state in which each unknown has the value that the witness of the terms gives it.
  SystemState<Recorded> (*instance)(const State&, const Terms&) = nullptr;
  // What is taken for given of a host of which not everything is told.
  std::vector<PartialFlag> (*least_host)(const State&) = nullptr;
};

}  // namespace assay
