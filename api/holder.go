package api

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"admitone/events"
)

// maxHolder bounds the name of a holder, in characters: the limit of a sub in OpenID Connect Core 1.0
// section 2.
const maxHolder = 255

// holderFault returns the rule for names of holders that a text violates, "" if it is a valid name. Every printable
// sub of a token is valid, even with slashes, | and \, or with invisible joiners between its characters. Names that
// can't be put into a URL, or that look like another name, are not.
func holderFault(name string) (rule string) {
	switch {
	case name == "":
		return "a holder's name is missing: it has 1 to 255 characters"
	case utf8.RuneCountInString(name) > maxHolder:
		return "a holder's name has at most 255 characters"
	case !utf8.ValidString(name):
		return "a holder's name is UTF-8"
	case name == "." || name == "..":
		return "a holder's name is not . or .., which a browser removes from an address"
	case strings.HasPrefix(name, keyPrefix):
		return "a holder's name does not begin with key:, the prefix of API keys"
	case strings.TrimSpace(name) != name:
		return "a holder's name does not begin or end with a space"
	}
	visible := false
	for _, c := range name {
		if '!' <= c && c <= '~' { // printable ASCII is in none of the classes below
			visible = true
			continue
		}
		switch {
		case unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp):
			return "a holder's name has no control characters or line breaks in it"
		case unicode.Is(unicode.Bidi_Control, c) && c != leftToRight && c != rightToLeft && c != arabicLetter:
			return "a holder's name has no characters in it that change the direction of the surrounding text"
		case c == byteOrderMark || unicode.In(c, unicode.Co, unicode.Noncharacter_Code_Point):
			return "a holder's name has only characters in it that can be printed everywhere"
		}
		visible = visible || !unicode.In(c, unicode.Cf, unicode.Zs, unicode.Mn, unicode.Me)
	}
	if !visible {
		return "a holder's name has at least one visible character"
	}
	return ""
}

// The directional marks that names in Hebrew and Arabic may need, and the byte order mark.
const (
	leftToRight   = '\u200e'
	rightToLeft   = '\u200f'
	arabicLetter  = '\u061c'
	byteOrderMark = '\ufeff'
)

// keyPrefix precedes the name of an API key where it stands for the caller, as in the metadata of events. No holder
// may have such a name.
const keyPrefix = "key:"

// validHolder reports whether a name is valid; see holderFault.
func validHolder(name events.Holder) bool { return holderFault(string(name)) == "" }

// storedHolderFault is [holderFault] for the name of an existing holder, which may begin with keyPrefix: earlier
// versions did not forbid that.
func storedHolderFault(name string) (rule string) {
	return holderFault(strings.TrimPrefix(name, keyPrefix))
}

// notHolder returns the problem not_found for a path with an invalid name of a holder. The detail has the violated
// rule.
func notHolder(resource, rule string) *problem {
	p := notFound(resource)
	p.detail += ": " + rule
	return p
}
