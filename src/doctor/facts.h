// What a file says of itself, and where it contradicts itself; needs no picture. Not for other rooms.
#pragma once

#include <string_view>
#include <vector>

#include "doctor/feeding.h"

namespace handlens::doctor {

// The form of pictures that the file asks for; what it says wrongly is added to `findings`: the type that its
// name promises, training for 8 bits that the conversion left out, sizes, labels and mean and deviation that
// are not the model's. `name` is the file's, for messages too.
Feed ReadDeclared(const Patient& patient, std::string_view name, std::vector<Finding>& findings);

Finding Fact(std::string what, std::string text, std::string advice, bool in_file);

}  // namespace handlens::doctor
