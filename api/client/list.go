package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
)

// list iterates over a list, page by page. It ends with the first error.
func list[T any](ctx context.Context, c *Client, o []Option, parts ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		call, err := newCall(http.MethodGet, nil, o, parts...)
		if err != nil {
			yield(zero, err)
			return
		}
		for {
			text, err := c.do(ctx, call)
			var page struct {
				Items []T     `json:"items"`
				Next  *string `json:"next"`
			}
			if err == nil {
				if err = json.Unmarshal(text, &page); err != nil {
					err = fmt.Errorf("a page of %s: %w", call.path, err)
				}
			}
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			call.query.Set("cursor", *page.Next)
		}
	}
}

// Collect reads an iterator of this package to its end. Errors: those of the iterator, with what
// came before.
func Collect[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	for item, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}
