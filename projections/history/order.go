package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

// orderSuffix describes order data as the end of a sentence, "" for none.
func orderSuffix(o *events.OrderData) string {
	if o.IsZero() {
		return ""
	}
	return ", " + orderText(o)
}

// orderText describes order data.
func orderText(o *events.OrderData) string {
	var parts []string
	if o.Reference != "" {
		parts = append(parts, fmt.Sprintf("reference %q", o.Reference))
	}
	for _, pair := range o.Metadata {
		parts = append(parts, fmt.Sprintf("%q is %q", pair.Name, pair.Value))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
