package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/performance"
	"admitone/api/input"
	"admitone/events"
)

// setPlan sets the plan and the prices of a new performance in command. It returns the hall of the plan.
func (r *request) setPlan(command *performance.Create, body *performanceBody) (*events.Hall, error) {
	if body.Sections != nil {
		return nil, invalidField("sections", "give a plan or sections, not both")
	}
	if !input.ValidID(string(*body.Plan)) {
		return nil, invalidField("plan", "there is no such plan")
	}
	hall, err := r.server.config.Views.Hall(context.Background(), *body.Plan)
	if errors.Is(err, events.ErrNoPlan) {
		return nil, invalidField("plan", "there is no such plan")
	}
	if err != nil {
		return nil, err
	}
	command.Plan = *body.Plan
	for i := range hall.Categories {
		if hall.Categories[i].InUse() {
			command.Categories = append(command.Categories, hall.Categories[i].Name)
		}
	}
	if command.Prices, err = pricesOf(body.Prices); err != nil {
		return nil, err
	}
	// JSON objects have no order, so prices are put in the order of the plan's categories.
	slices.SortStableFunc(command.Prices, func(a, b events.CategoryPrice) int {
		return hall.CategoryNamed(a.Category) - hall.CategoryNamed(b.Category)
	})
	return hall, nil
}

// newPrice is a price type in the body of a performance.
type newPrice struct {
	Type       *string `json:"type"`
	Amount     *int64  `json:"amount"`
	Restricted bool    `json:"restricted"`
}

// pricesOf decodes the prices of categories, each of which is an amount or a list of price types. It sorts them by
// category.
func pricesOf(text jsontext.Value) (prices []events.CategoryPrice, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	var given map[string]jsontext.Value
	if err := decodeMember(text, &given, "prices"); err != nil {
		return nil, err
	}
	for _, category := range slices.Sorted(maps.Keys(given)) {
		value := given[category]
		if bytes.HasPrefix(value, []byte("[")) {
			types, err := typesOf(category, value)
			if err != nil {
				return nil, err
			}
			prices = append(prices, types...)
			continue
		}
		var amount int64
		if err := decodeMember(value, &amount, "prices"); err != nil {
			return nil, err
		}
		prices = append(prices, events.CategoryPrice{Category: category, Amount: amount})
	}
	return prices, nil
}

// typesOf decodes the price types of a category.
func typesOf(category string, text jsontext.Value) (prices []events.CategoryPrice, err error) {
	var types []newPrice
	if err := decodeMember(text, &types, "prices"); err != nil {
		return nil, err
	}
	if len(types) == 0 || len(types) > events.MaxPriceTypes {
		return nil, invalidField("prices", fmt.Sprintf("a category has 1 to %d price types", events.MaxPriceTypes))
	}
	for _, t := range types {
		if t.Type == nil || *t.Type == "" || t.Amount == nil {
			return nil, invalidField("prices", "a price type needs a type, such as adult, and an amount")
		}
		prices = append(prices, events.CategoryPrice{Category: category, Type: *t.Type, Amount: *t.Amount,
			Restricted: t.Restricted})
	}
	return prices, nil
}

// decodeMember decodes a member of a body. A refusal names the field.
func decodeMember(text jsontext.Value, into any, field string) error {
	if err := input.Decode(text, into, input.Part{Name: field, Shape: "of another form"}); err != nil {
		return within(field, err)
	}
	return nil
}
