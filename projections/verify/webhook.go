package verify

import (
	"time"

	"admitone/events"
)

// RuleCursor is the rule of cursors, as it is printed.
const RuleCursor Rule = "a cursor is moved only in the term of the last takeover, and never past the log"

func init() {
	checks[events.WebhookCategory] = func() check { return &webhookCheck{} }
}

// webhookCheck folds a webhook, and checks its cursor.
type webhookCheck struct {
	made, disabled, deleted bool
	settings                events.WebhookSettings
	secret                  int64
	cursor                  cursorCheck
}

func (c *webhookCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	created, isCreation := fact.(*events.WebhookMade)
	switch {
	case isCreation == c.made:
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	case c.deleted:
		return faultf(RuleCreation, "a %s of a webhook that was deleted", fact.Name())
	case isCreation && (created.WebhookID != events.WebhookID(e.Stream.Entity()) || created.URL == "" || created.Number != 1):
		return faultf(RuleFigures, "it creates %q with secret %d for %q", created.WebhookID, created.Number, created.URL)
	case isCreation:
		c.made, c.settings, c.secret = true, created.WebhookSettings, 1
		c.cursor.reached, c.cursor.made = e.Position, e.Position
		return nil
	}
	return c.proceed(e, fact, decided)
}

// proceed applies a fact of an existing webhook.
func (c *webhookCheck) proceed(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.WebhookEdited:
		if f.URL == "" || f.Equal(&c.settings) {
			return faultf(RuleFigures, "it changes nothing, or removes the address")
		}
		c.settings = f.WebhookSettings
	case *events.WebhookSecretChanged:
		if f.Number != c.secret+1 || !f.OldUntil.After(decided) {
			return faultf(RuleFigures, "secret %d follows secret %d, which ends at %s", f.Number, c.secret,
				events.FormatTime(f.OldUntil))
		}
		c.secret = f.Number
	case *events.WebhookDisabled:
		return c.enable(false)
	case *events.WebhookEnabled:
		return c.enable(true)
	case *events.WebhookReplayed:
		return c.cursor.rewind(f)
	case *events.WebhookDeleted:
		c.deleted = true
	default:
		return c.cursor.apply(e, fact)
	}
	return nil
}

func (c *webhookCheck) enable(enabled bool) *fault {
	if enabled != c.disabled {
		return faultf(RuleFigures, "it sets enabled to %t, which it was before", enabled)
	}
	c.disabled = !enabled
	return nil
}

// cursorCheck checks a cursor. Its positions are those of the log in which they were written, and a
// copy of that log may have different positions. Facts with a mark are also checked by
// checkCursorMark.
type cursorCheck struct {
	term    int64
	taken   bool // a server has taken the term
	reached events.Position
	made    events.Position // creation of a webhook; 0 for other cursors
	log     string          // to which the positions belong
	unknown bool            // reached is not known in that log yet
}

func (c *cursorCheck) rewind(f *events.WebhookReplayed) *fault {
	if f.Term != c.term+1 || f.From < 1 || !c.unknown && f.From > max(c.reached, c.made)+1 {
		return faultf(RuleCursor, "it goes back to %d in term %d, from %d in term %d", f.From, f.Term, c.reached, c.term)
	}
	c.term, c.taken, c.reached, c.unknown = f.Term, false, f.From-1, false
	return nil
}

func (c *cursorCheck) apply(e *events.Recorded, fact events.Fact) *fault {
	switch f := fact.(type) {
	case *events.CursorTaken:
		if f.Term != c.term+1 || f.Node == "" {
			return faultf(RuleCursor, "%q takes it for term %d, after term %d", f.Node, f.Term, c.term)
		}
		c.term, c.taken = f.Term, true
		c.unknown = !f.Copied && (c.unknown || f.Log != c.log)
		if c.log = f.Log; f.Copied {
			c.reached = f.Reached
		}
	case *events.CursorMoved:
		switch {
		case !c.taken || f.Term != c.term:
			return faultf(RuleCursor, "it is moved in term %d, which is not that of a server that took it; the last is %d",
				f.Term, c.term)
		case !c.unknown && f.Reached < c.reached || f.Stream == "" && f.Reached >= e.Position:
			return faultf(RuleCursor, "it is moved to %d from %d", f.Reached, c.reached)
		case (f.Failing != 0) != (f.Failures > 0) || f.Failing != 0 && (f.Failing <= f.Reached || f.Since.IsZero()):
			return faultf(RuleFigures, "position %d has failed %d times since %s, and %d was reached", f.Failing, f.Failures,
				events.FormatTime(f.Since), f.Reached)
		}
		c.reached, c.unknown = f.Reached, false
	default:
		return faultf(RuleKnown, "a %s in %s", fact.Name(), e.Stream)
	}
	return nil
}
