// Deletion of runs of neighbours from a sequence: what makes a long counterexample short quickly.
#pragma once
#include <algorithm>
#include <cstddef>

namespace assay::gen {

// Backwards, in runs that grow while they can be deleted and shrink while they cannot. `size()` is
// that of the sequence now; `attempt(begin, end)` deletes the elements of that range, and what
// depends on them, if what must be kept is kept, and says whether it did. Runs of one element are
// left to the caller.
template <class Size, class Attempt>
void delete_runs(Size&& size, Attempt&& attempt) {
  constexpr std::size_t pays = 8;  // below that, single elements are as quick
  std::size_t length = size() / 2, end = size();
  while (size() >= pays && end > 0 && length > 1) {
    length = std::min(length, end);
    if (attempt(end - length, end)) {
      end = std::min(end - length, size());
      length *= 2;
    } else if (length > 2) {
      length /= 2;
    } else {
      end -= length;  // one of these stays; the next run starts small
    }
  }
}

}  // namespace assay::gen
