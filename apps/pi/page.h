// The page with the live answer, for browsers in this network: what the camera's picture is to the model, and
// what the model says of it.
#pragma once

#include <memory>

#include "engine.h"
#include "serve/serve.h"

namespace handlens::device {

class Page {
 public:
  // On all interfaces by TLS with a certificate of this device, or on this device alone by plain HTTP.
  static Result<Page> Start(const Facts& facts, int port, serve::Scope scope);

  void Show(const Facts& facts, const Answer& answer, int side, int64_t frame);
  const std::string& words() const { return words_; }  // where it is, and who sees it

 private:
  std::unique_ptr<serve::Server> server_;
  std::string words_;
};

}  // namespace handlens::device
