package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

// ordered describes order data, "" for none.
func ordered(o *events.OrderData) string {
	if o.IsZero() {
		return ""
	}
	return ", " + orderText(o)
}

// orderText is order data in words.
func orderText(o *events.OrderData) string {
	var told []string
	if o.Reference != "" {
		told = append(told, fmt.Sprintf("reference %q", o.Reference))
	}
	for _, pair := range o.Metadata {
		told = append(told, fmt.Sprintf("%q is %q", pair.Name, pair.Value))
	}
	if len(told) == 0 {
		return "none"
	}
	return strings.Join(told, ", ")
}
