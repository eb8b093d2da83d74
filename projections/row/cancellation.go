package row

import "admitone/events"

// AppendCancellation appends a cancellation policy.
func AppendCancellation(dst []byte, c events.Cancellation) []byte {
	return AppendInt(AppendMoment(dst, c.Until), c.RefundPercent)
}

// Cancellation reads what [AppendCancellation] wrote.
func (r *Reader) Cancellation() events.Cancellation {
	until := r.Moment()
	return events.Cancellation{Until: until, RefundPercent: r.Int()}
}
