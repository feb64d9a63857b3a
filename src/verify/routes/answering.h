// What the shipped threshold of "not sure" does on the routes, and whether the file's statement about it
// holds. run.cc asks for it. Not for other rooms.
#pragma once

#include "verify/routes/shipped.h"
#include "verify/verify.h"

namespace handlens::verify {

// Fills Route::answering and refers of every route that was done, Verdict::answering, referral and their
// problems. Nothing where the shipped file says nothing.
void JudgeAnswering(const Shipped& shipped, Verdict& verdict);

// What an app with this threshold does with these pictures. Pure.
Answered AnsweredAt(double not_sure_below, const Route& route);
Refers RefersAt(double from, size_t label, const Route& route);

// Of frames that show none of the classes, how many score below the threshold.
size_t RefusedAt(double not_sure_below, const std::vector<double>& strangers);

// The rules `not-sure` and `sensitivity`, and the notes; none where the file makes no statement. Pure.
std::optional<RuleResult> AnsweringRule(const Verdict& verdict);
std::optional<RuleResult> ReferralRule(const Verdict& verdict);
std::vector<std::string> AnsweringNotes(const Verdict& verdict);

}  // namespace handlens::verify
