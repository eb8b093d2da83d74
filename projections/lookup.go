package projections

// rowOf returns the row of id in a view's table, and whether it exists. Errors: the disk's.
func rowOf[V view, R any](p *Projections, of func(V) *table[R], id string) (row R, ok bool, err error) {
	if err := p.enter(); err != nil {
		return row, false, err
	}
	defer p.leave()
	return of(viewOf[V](p)).get(id)
}

// pageOf returns up to limit rows of a view's table with ids above after, in byte order of the ids, and the
// cursor of the next page, "" on the last. Errors: the disk's.
func pageOf[V view, R any](p *Projections, of func(V) *table[R], after string, limit int,
	id func(*R) string) (page []R, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave()
	page, more, err := of(viewOf[V](p)).list(after, limit)
	if err != nil || !more || len(page) == 0 {
		return page, "", err
	}
	return page, id(&page[len(page)-1]), nil
}
