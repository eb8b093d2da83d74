// Package planfile reads a hall from a file: a seating plan in JSON, in the format of the API, or a
// table of seats in CSV. Both are checked by the server's compiler, so a file that is valid here is
// valid there. A fault states its place in the file: the path of the member in JSON, the line in
// CSV.
package planfile
