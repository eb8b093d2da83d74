package peers

import "log/slog"

// SetKeyFault sets how the keys of this node differ from those of the others, "" if they don't, and reports whether
// the others have to be told.
func (p *Peers) SetKeyFault(fault string) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keyFault = fault
	if p.self.KeysDiffer == (fault != "") {
		return false
	}
	p.self.KeysDiffer = fault != ""
	p.updateView()
	return true
}

// KeyFault returns what SetKeyFault has set last.
func (p *Peers) KeyFault() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keyFault
}

// TokensDiffer reports whether this node signs tokens with another key than the nodes that were here first: of the
// nodes whose keys do not differ, the one that started first has the right key. known is false if there is none.
func (p *Peers) TokensDiffer() (differ, known bool) {
	v := p.view.Load()
	var first *Member
	for i := range v.members {
		m := &v.members[i]
		if m.Prints[PrintTokens] != "" && m.State != Joining && !m.KeysDiffer && (first == nil || m.Run < first.Run) {
			first = m
		}
	}
	own := p.config.Self.Prints[PrintTokens]
	return own != "" && first != nil && own != first.Prints[PrintTokens], first != nil
}

// OthersRight reports whether another node serves whose keys are right.
func (p *Peers) OthersRight() bool {
	v := p.view.Load()
	for i := range v.members {
		if m := &v.members[i]; m.Run != p.config.Self.Run && m.State == Serving && !m.KeysDiffer {
			return true
		}
	}
	return false
}

// noteKeys logs when the keys of a node begin or cease to differ. The caller holds mu.
func (p *Peers) noteKeys(m *Member) {
	differed := false
	for i := range p.others {
		differed = differed || p.others[i].Run == m.Run && p.others[i].KeysDiffer
	}
	if differed == m.KeysDiffer {
		return
	}
	if !m.KeysDiffer {
		p.logMember(slog.LevelInfo, "a node has the keys of the others now", m)
		return
	}
	file := "passes.key"
	if own, its := p.self.Prints[PrintTokens], m.Prints[PrintTokens]; own != "" && its != "" && own != its {
		file = "jwt.key"
	}
	p.logMember(slog.LevelWarn, "the keys of a node differ, so it owns nothing: give it the file of the others", m,
		"file", file)
}
