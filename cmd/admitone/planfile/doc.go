// Package planfile reads a hall from a file: a seating plan in JSON, in the format of the API, or a
// table of seats in CSV. Both are checked by the compiler that servers use, so a server accepts every
// file that is valid here. A fault states its place in the file: the path of the member in JSON, the
// line in CSV.
package planfile
