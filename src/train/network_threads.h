// The threads that work on one network: the caller's, and those that others leave over.
#pragma once

#include "base/parallel.h"
#include "nn/nn.h"

namespace handlens::train {

// Borrows for as long as it lives, more at each Take. The numbers are the same with any number.
class BorrowedForNetwork {
 public:
  // `spare` null: there is none to borrow.
  BorrowedForNetwork(nn::Network& network, SpareThreads* spare)
      : network_(network), spare_(spare), most_(spare != nullptr ? network.MostThreads() : 1) {}
  ~BorrowedForNetwork() {
    (void)network_.UseThreads(1);  // one thread needs no memory that is not there
    for (; taken_ > 0; --taken_) spare_->Give();
  }
  BorrowedForNetwork(const BorrowedForNetwork&) = delete;
  BorrowedForNetwork& operator=(const BorrowedForNetwork&) = delete;

  int Most() const { return most_; }
  // Lets the network use what can be borrowed by now; how many threads it has then, the caller's with them.
  // Where memory does not suffice for one more it is given back, and no more are taken.
  int Take() {
    while (1 + taken_ < most_ && spare_->Take()) {
      if (network_.UseThreads(2 + taken_)) {
        ++taken_;
      } else {
        spare_->Give();
        most_ = 1 + taken_;
      }
    }
    return 1 + taken_;
  }

 private:
  nn::Network& network_;
  SpareThreads* spare_;
  int most_, taken_ = 0;
};

}  // namespace handlens::train
