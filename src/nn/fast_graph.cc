// The fast backend.
#include "nn/graph.h"

namespace handlens::nn {

std::unique_ptr<Graph> MakeFastGraph(const GraphSpec& spec, int max_batch, Arena& arena, Params&) {
  return MakeReferenceGraph(spec, max_batch, arena);
}

}  // namespace handlens::nn
