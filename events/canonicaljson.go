package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrBadJSON is returned for a text that is not JSON, has duplicate members or strings that are not
// Unicode, or nests deeper than [MaxJSONDepth].
var ErrBadJSON = errors.New("invalid or ambiguous JSON")

// CanonicalJSON rewrites a JSON text in its canonical form: no white space, members sorted by name,
// no unnecessary escapes, numbers as [CanonicalNumber] writes them. Two texts have the same meaning
// if and only if their canonical forms are equal, except for numbers with exponents beyond 2^62,
// which are left unchanged. Error: [ErrBadJSON].
func CanonicalJSON(text []byte) ([]byte, error) {
	if JSONTooDeep(text) {
		return nil, fmt.Errorf("%w: nesting deeper than %d", ErrBadJSON, MaxJSONDepth)
	}
	if !utf8.Valid(text) || !json.Valid(text) || !surrogatesPaired(text) {
		return nil, ErrBadJSON
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return appendRewritten(make([]byte, 0, len(text)), dec)
}

// MaxJSONDepth is how deep objects and arrays may nest in an external text. No message of this
// system needs more than a few levels.
const MaxJSONDepth = 32

// JSONTooDeep reports whether a JSON text nests deeper than [MaxJSONDepth]. For a text that is not
// JSON the result is unspecified.
func JSONTooDeep(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if depth++; depth > MaxJSONDepth {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return false
}

func appendRewritten(dst []byte, dec *json.Decoder) ([]byte, error) {
	token, err := dec.Token()
	if err != nil {
		return dst, fmt.Errorf("%w: %v", ErrBadJSON, err)
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return appendMembers(dst, dec)
		}
		return appendElements(dst, dec)
	case string:
		return AppendJSONString(dst, token), nil
	case json.Number:
		return append(dst, CanonicalNumber(string(token))...), nil
	case bool:
		return strconv.AppendBool(dst, token), nil
	}
	return append(dst, "null"...), nil
}

func appendElements(dst []byte, dec *json.Decoder) (_ []byte, err error) {
	dst = append(dst, '[')
	for first := true; dec.More(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		if dst, err = appendRewritten(dst, dec); err != nil {
			return dst, err
		}
	}
	_, err = dec.Token()
	return append(dst, ']'), err
}

// span locates a member in the output.
type span struct {
	name       string
	start, end int
}

func appendMembers(dst []byte, dec *json.Decoder) ([]byte, error) {
	var members []span
	seen := map[string]bool{}
	dst = append(dst, '{')
	for first := len(dst); dec.More(); {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok || seen[name] {
			return dst, fmt.Errorf("%w: member %.60q", ErrBadJSON, name)
		}
		seen[name] = true
		if len(dst) > first {
			dst = append(dst, ',')
		}
		start := len(dst)
		dst = append(AppendJSONString(dst, name), ':')
		if dst, err = appendRewritten(dst, dec); err != nil {
			return dst, err
		}
		members = append(members, span{name, start, len(dst)})
	}
	byName := func(a, b span) int { return strings.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(members, byName) {
		slices.SortFunc(members, byName)
		reorder(dst, members)
	}
	_, err := dec.Token()
	return append(dst, '}'), err
}

// reorder rewrites the members at the end of dst in the order of members.
func reorder(dst []byte, members []span) {
	first := len(dst)
	for _, m := range members {
		first = min(first, m.start)
	}
	unsorted, sorted := slices.Clone(dst[first:]), dst[:first]
	for i, m := range members {
		if i > 0 {
			sorted = append(sorted, ',')
		}
		sorted = append(sorted, unsorted[m.start-first:m.end-first]...)
	}
}

// maxPlainDigits is the largest number of digits that CanonicalNumber writes without an exponent: no
// 64-bit integer has more.
const maxPlainDigits = 20

// CanonicalNumber returns the canonical form of a JSON number: for an integer of up to 20 digits,
// its digits; for any other, its digits without leading or trailing zeros, and an exponent. 1.0,
// 1e0 and 10e-1 are 1, and -0 is 0. Nothing is rounded, and 1e999999999 costs no more than 1e9. A
// number with an exponent beyond 2^62 is returned unchanged.
func CanonicalNumber(text string) string {
	rest, negative := strings.CutPrefix(text, "-")
	mantissa, exponent := rest, int64(0)
	at := strings.IndexAny(rest, "eE")
	if at >= 0 {
		mantissa = rest[:at]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	if at >= 0 {
		var err error
		if exponent, err = strconv.ParseInt(rest[at+1:], 10, 63); err != nil {
			return text
		}
	}
	plain := strings.TrimRight(digits, "0")
	exponent += int64(len(digits) - len(plain) - len(fraction))
	switch {
	case exponent >= 0 && exponent <= maxPlainDigits && int64(len(plain))+exponent <= maxPlainDigits:
		plain += strings.Repeat("0", int(exponent))
	default:
		plain += "e" + strconv.FormatInt(exponent, 10)
	}
	if negative {
		return "-" + plain
	}
	return plain
}

// surrogatesPaired reports whether every escaped surrogate in a JSON text is part of a pair:
// encoding/json decodes a lone one as U+FFFD.
func surrogatesPaired(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // the JSON is valid: a character follows, and four digits after a u
		if text[i] != 'u' {
			continue
		}
		unit := hexUnit(text[i+1:])
		i += 4
		switch {
		case unit < 0xd800 || unit > 0xdfff:
			continue
		case unit >= 0xdc00 || i+6 >= len(text) || text[i+1] != '\\' || text[i+2] != 'u':
			return false
		}
		if low := hexUnit(text[i+3:]); low < 0xdc00 || low > 0xdfff {
			return false
		}
		i += 6
	}
	return true
}

// hexUnit returns the UTF-16 code unit of the four digits of an escape.
func hexUnit(text []byte) uint64 {
	unit, _ := strconv.ParseUint(string(text[:4]), 16, 16) // cannot fail: the JSON is valid
	return unit
}
