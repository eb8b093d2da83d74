// Package contacts keeps how to reach people: what a reservation, booking or entry
// brought along besides what it is about. It promises:
//
//   - What Keep has returned for survives kill -9 and power loss.
//   - Nothing of a contact is on the disk in clear, ever.
//   - After Forget has returned, no contact of that holder can be read again, from
//     these files or from any copy made of them afterwards.
//
// # Why not in the log
//
// Facts are for ever: each is in a hash chain, a tree, in backups and exports. A
// person's details must be able to go, so they never become facts. The log knows
// holders by an id that means nothing by itself.
//
// # Why a key for each holder
//
// What has been written may be anywhere by the time it has to go. So each holder's
// contacts are sealed (AES-256-GCM) under a random key of the holder's own, which lies
// in one place: its slot in the file of keys. To forget the holder is to overwrite 64
// bytes and to sync them; what is left of the sealed ones is noise, here and in every
// copy that was made without the keys. A copy of the file of keys from before keeps
// them readable: whoever backs up this directory has to let old copies go too. On
// copy-on-write file systems and on flash the device may keep the overwritten block for
// a while, out of reach of any program; an encrypted disk closes that gap.
//
// # Why plain files
//
// A store that merges and compacts keeps old values around for as long as it likes,
// and this one must not. So keys are overwritten in place. The sealed contacts are
// appended to a file that is read through once, when it is opened; memory has their
// places only, some 100 bytes each. All who wait share two syncs.
//
// The directory belongs to one process at a time; who opens it has to see to that,
// for example by holding the log that it lies beside.
package contacts
