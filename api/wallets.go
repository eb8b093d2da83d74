package api

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/wallet"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "wallets", rules: wallet.Kind, routes: (*Server).walletRoutes})
}

func (s *Server) walletRoutes() {
	s.handle(fiber.MethodPost, "/v1/wallets/:holder/charges", s.charge)
	s.handle(fiber.MethodGet, "/v1/wallets/:holder", s.limitPastReads(s.getWallet))
	s.handle(fiber.MethodGet, "/v1/wallets/:holder/entries", s.limitPastReads(s.listWalletEntries))
	s.handle(fiber.MethodGet, "/v1/holders/:holder/wallets", s.limitPastReads(s.listWallets))
}

// holderParam returns the holder in the path. It must be the caller, unless the caller is an admin or has one of the
// roles. Errors: not_found for an invalid name; forbidden.
func (r *request) holderParam(resource string, roles ...Role) (events.Holder, error) {
	holder := events.Holder(r.segment("holder"))
	if rule := storedHolderFault(string(holder)); rule != "" {
		return "", notHolder(resource, rule)
	}
	only, err := r.caller.restrictedTo(roles...)
	if err == nil && only != "" && only != holder {
		err = refuse(core.CodeForbidden, "the "+resource+" belongs to another holder")
	}
	return holder, err
}

// charge adds an amount to a wallet. The first charge creates the wallet.
func (s *Server) charge(r *request) error {
	holder, err := r.holderParam("wallet", RoleService)
	if err != nil {
		return err
	}
	if !s.config.HoldersCharge && !r.caller.actsForOthers() {
		return refuse(core.CodeForbidden, "a service or an admin charges wallets here")
	}
	if rule := holderFault(string(holder)); rule != "" {
		return invalidField("holder", rule)
	}
	var body struct {
		Amount *int64 `json:"amount"`
	}
	if err := r.decode(&body, false); err != nil {
		return err
	}
	if body.Amount == nil {
		return invalidField("amount", "the amount is missing, in minor units")
	}
	amount, err := wholeNumber("amount", body.Amount, 0, 1, wallet.MaxAmount)
	if err != nil {
		return err
	}
	if r.caller.open {
		r.caller.sub = holder
	}
	id, err := newID[events.ChargeID](r, nil)
	if err != nil {
		return err
	}
	answer, err := r.dispatch(wallet.Stream(holder), &wallet.Charge{ID: id, Amount: amount}, nil)
	if err != nil {
		return err
	}
	if len(answer.Facts) == 0 {
		return errUnexpectedFacts(answer.Facts)
	}
	charged, ok := answer.Facts[0].(*events.WalletCharged)
	if !ok {
		return errUnexpectedFacts(answer.Facts)
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/wallets/"+url.PathEscape(string(holder)))
	r.setETag(answer.Revision)
	wallet := row.Wallet{
		Holder:   holder,
		Balance:  charged.Balance,
		Revision: answer.Revision,
		Position: answer.Position,
	}
	return r.json(fiber.StatusCreated, AppendWallet(nil, &wallet, nil))
}

// getWallet answers with a wallet. Before the first charge it is not found.
func (s *Server) getWallet(r *request) error {
	holder, err := r.holderParam("wallet", RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	row, err := s.wallet(holder, at)
	if err != nil {
		return err
	}
	if r.setETag(row.Revision) {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, AppendWallet(nil, row, at))
}

// listWallets answers with the wallet of a holder as a list, which is empty before the first charge.
func (s *Server) listWallets(r *request) error {
	holder, err := r.holderParam("wallet", RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	row, err := s.wallet(holder, at)
	size := 1
	if missing := (*problem)(nil); errors.As(err, &missing) && missing.code == core.CodeNotFound {
		size, err = 0, nil
	}
	if err != nil {
		return err
	}
	var more func(*events.Object)
	if at != nil {
		more = func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) }
	}
	return r.list(size, "", func(dst []byte, _ int) ([]byte, error) { return AppendWallet(dst, row, nil), nil }, more)
}

// wallet returns the state of a wallet at a moment, nil for the present. Errors: not_found; the views' or the
// store's.
func (s *Server) wallet(holder events.Holder, at *row.Moment) (*row.Wallet, error) {
	wallet, ok, err := s.config.Views.Wallet(holder)
	if err != nil || ok && at == nil {
		return &wallet, err
	}
	if !ok {
		return nil, notFound("wallet")
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	past, err := row.WalletAt(ctx, s.config.Store, holder, at.Position)
	if err == nil && past == nil {
		err = notFound("wallet")
	}
	return past, err
}

// AppendWallet appends a wallet as the HTTP resource, with as_of unless at is nil.
func AppendWallet(dst []byte, w *row.Wallet, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("holder", string(w.Holder))
	o.Int("balance", w.Balance)
	o.Int("revision", int64(w.Revision))
	o.Int("position", int64(w.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

// listWalletEntries answers with a page of the entries of a wallet, oldest first.
func (s *Server) listWalletEntries(r *request) error {
	holder, err := r.holderParam("wallet", RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	after, limit, err := r.numberedPaging()
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	if _, err := s.wallet(holder, at); err != nil {
		return err
	}
	page, next, err := s.config.Views.WalletEntries(holder, after, limit)
	if err != nil {
		return err
	}
	var more func(*events.Object)
	if at != nil { // entries never change, so every past list is a prefix of the current one
		for i := range page {
			if page[i].Position > at.Position {
				page, next = page[:i], 0
				break
			}
		}
		more = func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) }
	}
	return r.list(len(page), numberedCursor(next),
		func(dst []byte, i int) ([]byte, error) { return appendWalletEntry(dst, &page[i]), nil }, more)
}

// numberedCursor returns the decoded cursor for a number, "" for 0, which stands for the end.
func numberedCursor(next uint64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatUint(next, 10)
}

func appendWalletEntry(dst []byte, e *row.WalletEntry) []byte {
	o := events.OpenObject(dst)
	o.String("id", e.ID)
	o.String("kind", string(e.Kind))
	o.Int("amount", e.Amount)
	o.Int("balance", e.Balance)
	if e.BookingID != "" {
		o.String("booking_id", string(e.BookingID))
	}
	o.Time("time", e.Created)
	o.Int("revision", int64(e.Revision))
	o.Int("position", int64(e.Position))
	return o.Close()
}
