#pragma once
// Every memory order of a structure weakened by one step, one at a time: some scenario has to fail.

#include "sync/model/trial.hpp"

namespace libabi::sync::model {

struct Hunt {
  std::vector<std::string> survivors;  ///< "file.hpp:line:column in function: role seq_cst as acq_rel"
  std::vector<std::string> caught;     ///< the same, and how
  std::string failure;                 ///< of a scenario as it is, without any mutant

  std::string text() const;
};

/// Weakens each order that the trials reach, at no more depth than they have by themselves and with random executions of a
/// fixed seed, in the files whose names end with one of `files`. `excused` are ends of lines of
/// survivors that are none, each for a reason that stands beside it; one that does not survive, or is not there, is reported.
Hunt hunt(const std::vector<Trial>& trials, const std::vector<std::string>& files, const std::vector<std::string>& excused = {});

}  // namespace libabi::sync::model
