// Package plan implements the rules of a seating plan's stream: the text of the plan is stored in parts and
// then sealed, after which it never changes.
//
// # Why the text is stored in parts
//
// The plan of a hall with 100,000 seats has about 20 MiB of text, and a store may accept no more than 32 KiB
// in one append. So every part is a separate command, and the plan is not visible until it is sealed: a crash
// between two parts leaves nothing visible, and a retry continues where the first request ended. Every part
// has its offset, so that a program that splits the text differently can continue the upload of another.
//
// # Why the facts have the text
//
// The facts have the plan as it was uploaded, not as one version of the program has compiled it;
// [events.SeatingPlan.Compile] builds the hall. The digest of the text identifies the plan: uploading the same
// plan again changes nothing, and a different plan under the same id is refused.
//
// # Refusals
//
// already_exists (a different plan, or another upload has begun).
package plan
