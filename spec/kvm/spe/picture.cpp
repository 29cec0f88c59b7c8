// The question of the designs (LIST-2022): pin memory, or take the SPU's stage 2 fault?
#include "spec/picture.hpp"

#include <array>

#include "spec/system.hpp"

namespace assay {
namespace {

constexpr std::array designs{
    Picture::Design{"spe-v4", "RFC v4: the VMM locks memory slots, and each page is pinned"},
    Picture::Design{"spe-v5", "RFC v5: the same, with other capabilities and its leaks"},
    Picture::Design{"spe-intent", "what v4 and v5 mean to do, without their leaks"},
    Picture::Design{"spe-v6", "v6: the guest's buffer is pinned while the guest has it enabled"},
    Picture::Design{"spe-fault-resume", "nothing pinned: KVM maps the page and resumes the guest"},
    Picture::Design{"spe-fault-discard",
                    "nothing pinned: KVM maps the page and tells the guest of the loss"},
};
constexpr std::array<std::string_view, 2> pinned{"slot[].lock.pinned", "vcpu[].spe.buffer.pinned"};
constexpr std::array<std::string_view, 1> memory{"slot[].pages"};
constexpr std::array<std::string_view, 4> claims_about_losing{
    "profiling_has_no_blackout", "no_loss_goes_untold", "loss_shows_as_dl",
    "locked_memslot_survives_mmu_notifiers"};

constexpr Picture picture{
    "Pin the guest's memory for SPE, or take the stage 2 fault?",
    "Each row is one trace of the corpus, event by event. A design that pins pays with memory that "
    "cannot move; one that faults pays with a window in which the guest is not profiled, and with "
    "the records that were on their way.",
    designs,
    "pages pinned",
    pinned,
    memory,
    "any(spe_switch, p: p.stage == guest && spu[p].enable && !spu[p].service && "
    "((spu[p].el == 0 && spu[p].e0spe) || (spu[p].el == 1 && spu[p].e1spe)))",
    "any(spu, s: s.event == fault && s.ec == stage2)",
    "the guest is profiled",
    "stage 2 fault of the SPU",
    "blackout",
    "records",
    "spu[].in_flight",
    "spu[].records_end",
    "any(spu, s: s.lost)",
    claims_about_losing,
};

}  // namespace

const Picture* picture_of(const System& system) {
  return system.name() == "arm64-kvm" ? &picture : nullptr;
}

}  // namespace assay
