package row

import "admitone/events"

// AppendOrderData appends order data as a member of a record.
func AppendOrderData(dst []byte, o *events.OrderData) []byte {
	dst = AppendInt(AppendString(dst, o.Reference), int64(len(o.Metadata)))
	for _, pair := range o.Metadata {
		dst = AppendString(AppendString(dst, pair.Name), pair.Value)
	}
	return dst
}

// OrderData reads what [AppendOrderData] wrote.
func (r *Reader) OrderData() (o events.OrderData) {
	o.Reference = r.Text()
	for n := r.Int(); n > 0 && r.OK(); n-- {
		o.Metadata = append(o.Metadata, events.MetadataPair{Name: r.Text(), Value: r.Text()})
	}
	return o
}
