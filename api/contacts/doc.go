// Package contacts stores the contact details that are sent with reservations, bookings and entries.
// It guarantees:
//
//   - Once Store has returned, the contact survives kill -9 and power loss.
//   - Contacts are never on disk in clear text.
//   - Once Forget has returned, no contact of that holder can be read, from these files or from any
//     copy made of them afterwards.
//   - A contact that is damaged or missing is reported as such, and never mistaken for a forgotten one.
//   - Nothing in the files is truncated or overwritten except keys that Forget destroys.
//
// # Why not in the log
//
// Facts are permanent: each is in a hash chain, a Merkle tree, backups and exports. Personal data must
// be erasable, so it never becomes a fact. The log identifies holders by an opaque id.
//
// # Why a key for each holder
//
// Bytes on disk may have been copied anywhere by the time they have to be erased. So the contacts of
// each holder are encrypted (AES-256-GCM) with a random key of that holder, which exists in one place:
// a slot of the key file. Forget overwrites the key and syncs; the slot stays, with the hash of the
// holder's id and no key. Without the key the ciphertext is useless, here and in every copy. An older
// copy of the key file keeps contacts readable, so backups of this directory must expire too. On
// copy-on-write file systems and on flash the overwritten block may survive for a while, out of reach
// of any program; use an encrypted disk to close that gap.
//
// # Why plain files
//
// A store that merges and compacts keeps old values for an unknown time, which is not acceptable for
// keys. So keys are overwritten in place. The sealed contacts are appended to a file that is read
// once, when it is opened; only their offsets are kept in memory, some 100 bytes each. Concurrent
// callers of Store share two syncs.
//
// # How loss is found
//
// A third file, the index, lists the acknowledged records. If the last record that it lists for a
// subject is not in the file of sealed contacts, the contact is lost; bytes that are neither a record
// nor in the index were being written when the power failed. A holder with contacts must have a slot
// with a key or with the mark of a destroyed one; otherwise the key is lost. Slots have checksums.
// Files of earlier versions have no index, and slots without checksums, which are valid if they open
// the holder's newest contact. Holders forgotten by those versions have left as many empty slots; their
// ids are recorded at the first start. To clear a loss, forget the holder or store a new contact.
//
// Only one process may open the directory at a time. The caller has to ensure that, for example by
// locking the log.
//
// # Several servers
//
// Each server has its own directory, with the contacts that it received. The log has a fact, with a hash of
// the id, for each forgotten holder. Every server destroys its keys when it reads that fact ([Book.CatchUp]);
// a server that was down does so before it serves. The file forgotten has the revision and the hash of the
// last applied event, so that a contact stored afterwards stays. If the log does not have that event, as
// after restoring a backup, all such facts are applied again: newer contacts may be lost then, but none is
// readable that should not be.
package contacts
