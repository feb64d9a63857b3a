// The geometry of a convolution: what all that slide a window have in common.
#pragma once

#include "nn/fast/operation.h"

namespace handlens::nn {

template <class V>
V Shifted(V v, size_t rows, size_t columns) {
  return {v.at - rows * v.row - columns * v.pixel, v.row, v.pixel};
}

struct ConvPlan {
  ConvPlan(const Placement& p, const Wires& w)
      : wires(w),
        window(WindowOf(p.spec->nodes[Size(p.index)].layer, w.x.shape, p.spec->nodes[Size(p.index)].out)) {
    in = Size(w.x.shape.channels);
    out = Size(window.out.channels);
    kernel = Size(window.kernel);
    const bool merged = w.x.pixel == in;
    taps = {kernel, merged ? 1 : kernel, merged ? kernel * in : in, Size(window.stride)};
  }
  kernels::In Windows(const Context& c, size_t picture) const {
    return Shifted(c.In(wires.x, picture), Size(window.top), Size(window.left));
  }
  Wires wires;
  Window window;
  size_t in = 0, out = 0, kernel = 0;
  kernels::Taps taps;
};

}  // namespace handlens::nn
