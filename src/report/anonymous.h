// A report for strangers: the names of files, folders and groups are taken out of the records before anything
// is made of them. Classes, numbers and thumbnails stay.
#pragma once

#include "report/records.h"

namespace handlens::report {

// Pictures become "picture-" and the front of their id, which the owner finds in dataset.json; other files
// and groups become hashes that nobody can try names against, because the ids of all pictures go into them.
// Sentences that name any of them are changed likewise; paths in the configuration are left out. Pure.
Records WithoutNames(Records records);

}  // namespace handlens::report
