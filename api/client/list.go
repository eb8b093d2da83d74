package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
)

// list iterates over a list and fetches its pages when needed. It ends with the first error.
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

// Collect returns all items of a list. Errors: as the list, with the items before the error.
func Collect[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	for item, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}
