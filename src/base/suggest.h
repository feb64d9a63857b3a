// "Did you mean": the known word nearest to what the user wrote.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace handlens {

// Damerau-Levenshtein distance, optimal string alignment: insertions, deletions, substitutions and swaps of
// neighbours each cost 1 (Damerau 1964).
int EditDistance(std::string_view a, std::string_view b);

// The nearest of `known` within a third of the longer word's length (at least 2), or a word that `word`
// begins; empty when none is near.
std::string Nearest(std::string_view word, std::span<const std::string> known);

// "; did you mean 'X'?" or an empty string.
std::string DidYouMean(std::string_view word, std::span<const std::string> known);

}  // namespace handlens
