// Package contacts keeps the contact details that come with reservations, bookings and entries.
// It promises:
//
//   - What Keep has returned for survives kill -9 and power loss.
//   - Nothing of a contact is on the disk in clear, ever.
//   - After Forget has returned, no contact of that holder can be read again, from
//     these files or from any copy made of them afterwards.
//   - What was kept and is damaged or gone is reported, and never taken for forgotten. Nothing in
//
// the files is truncated or overwritten but keys that Forget destroys.
//
// # Why not in the log
//
// Facts are forever: each is in a hash chain, a tree, in backups and exports. A person's details
// must be erasable, so they never become facts. The log knows holders by an id that means nothing
// by itself.
//
// # Why a key for each holder
//
// Written bytes may have been copied anywhere by the time they have to be erased. So each
// holder's contacts are sealed (AES-256-GCM) under a random key of the holder's own, which is in
// one place: its slot in the file of keys. Forgetting the holder overwrites that key and syncs; a
// slot with the hash of the name and no key stays. The sealed contacts are useless without it,
// here and in every copy made without the keys. An older copy of the file of keys keeps them
// readable: backups of this directory have to expire too. On copy-on-write file systems and on
// flash the device may keep the overwritten block for a while, out of reach of any program; an
// encrypted disk closes that gap.
//
// # Why plain files
//
// A store that merges and compacts keeps old values for an unknown time, and this one must not.
// So keys are overwritten in place. The sealed contacts are appended to a file that is read once,
// when it is opened; memory has their offsets only, some 100 bytes each. Concurrent callers share
// two syncs.
//
// # How loss is found
//
// A third file, the index, lists the acknowledged records. A subject whose last record there is
// not in the file of sealed contacts has lost it; bytes that are neither a record nor in the
// index were being written when the power failed. A holder with contacts has a key or was
// forgotten, as the slot records; otherwise the key is lost. A slot has a checksum. Files of
// earlier versions have no index, and slots without checksums, which are good if they open the
// holder's newest contact; holders forgotten by those versions have left as many empty slots, and
// their names are recorded at the first start. To give up what is lost, forget the holder, or
// keep another contact.
//
// The directory belongs to one process at a time; the opener has to ensure that, for example by
// holding the log beside it.
package contacts
