// Package plan has the rules of a seating plan's stream: the text of a hall is stored in parts and
// sealed, and never changes afterwards.
//
// # Why in parts
//
// A hall of 100,000 seats has about 20 MiB of text, and a store may accept as little as 32 KiB at
// once. So every part is a command of its own, and the parts mean nothing until they are sealed:
// after a crash between two parts nothing is visible, and a retry resumes where the first request
// ended. Parts name their offset, so that two programs that split the text differently can continue
// each other's upload.
//
// # Why the text
//
// The facts have the plan as uploaded, not as compiled by the current program:
// [events.SeatingPlan.Compile] builds the hall. The digest of the text identifies the plan:
// uploading the same plan again changes nothing, and a different plan under the same id is refused.
//
// Refusals: already_exists (a different plan, or another upload has begun).
package plan
