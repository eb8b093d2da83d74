package input

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"admitone/actors/core"
	"admitone/events"
)

// byteOrderMark is the UTF-8 byte order mark that some editors put at the start of a file.
var byteOrderMark = []byte{0xef, 0xbb, 0xbf}

// nullInPlans are the members of seating plans for which null is accepted and means absent.
var nullInPlans = map[string]bool{"row_label": true, "seat_label": true, "row_number_position": true,
	"start_direction": true}

// DecodePlan decodes a seating plan as strictly as [Decode], and compiles it.
//
// Errors: as Decode. The field of a refusal is a path into the plan, such as
// zones.0.rows.3.seats.7.category.
func DecodePlan(text []byte, of Part) (*events.SeatingPlan, *events.Hall, error) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if events.PlanTooLarge(text) {
		return nil, nil, invalid("", fmt.Sprintf("%s has more than %d objects, seats and positions among them", of.Name,
			events.MaxPlanObjects))
	}
	plan := &events.SeatingPlan{}
	if err := DecodeNulls(text, plan, of); err != nil {
		return nil, nil, err
	}
	if err := refuseNulls(text, of, func(field string) bool {
		return nullInPlans[field[strings.LastIndexByte(field, '.')+1:]]
	}); err != nil {
		return nil, nil, err
	}
	hall, err := plan.Compile()
	if err != nil {
		return nil, nil, PlanRefusal(err)
	}
	return plan, hall, nil
}

// maxPlanDetail bounds the detail of a refusal, which may quote the plan, in bytes.
const maxPlanDetail = 500

// PlanRefusal converts an [*events.PlanError] to a refusal, and returns any other error unchanged.
func PlanRefusal(err error) error {
	fault := (*events.PlanError)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	detail := fault.Detail
	if len(detail) > maxPlanDetail {
		cut := maxPlanDetail
		for !utf8.RuneStart(detail[cut]) {
			cut--
		}
		detail = detail[:cut] + "…"
	}
	return &core.Refusal{Code: core.CodeInvalidField, Detail: detail, Fields: core.Fields{"field": fault.Path}}
}
