package esdbwire

// readStream reads in both directions from every position.
func readStream(s *transcript) {
	s.append("a", "none", "a1", "a2|other!|\x00\x01|\x00bytes", `a3|third||{"mine":1}`, "a4", "a5")
	s.append("b", "none", "b1")
	s.append("a", "4", "a6")
	for _, bounds := range []string{"", "bounds"} {
		for _, from := range []string{"start", "0", "2", "5", "6", "9", "18446744073709551615"} {
			s.read("a", from, "x3", bounds)
			s.read("a", from, "x3", "backward", bounds)
		}
		s.read("a", "backward", "end", bounds)
		s.read("a", "start", "x1000", "text", bounds)
		s.read("missing", "start", bounds)
		s.read("missing", "backward", "end", bounds)
	}
}

// readAll reads the log in both directions, with filters.
func readAll(s *transcript) {
	const runStreams = "stream:^(\\$\\$)?RUN"
	s.append("a", "none", "a1|apple", "a2|pear")
	s.append("$$a", "none", `m1|$metadata|{"$maxCount":1}`)
	s.append("b", "none", "b1|apple", "b2|plum!|x")
	s.append("a", "1", "a3|applesauce")
	s.delete("b", "any")
	s.append("c", "none", "c1|pear")
	s.tombstone("c", "0")
	s.read(allName, "start", runStreams)
	s.read(allName, "end", runStreams, "backward")
	s.read(allName, "end", runStreams)
	s.read(allName, "start", runStreams, "backward")
	s.read(allName, "@3", runStreams, "x2")             // inclusive
	s.read(allName, "@3", runStreams, "x2", "backward") // exclusive
	s.read(allName, "@1", runStreams, "backward")
	s.read(allName, "start", "streams:a,c")
	s.read(allName, "start", "streams:$$a")
	s.read(allName, "@1", "types:apple", "x3")
	s.read(allName, "@1", "type:^(apple|plum)$", "x3", "text")
	s.read(allName, "end", "type:^apple", "backward", "x3")
	s.read(allName, "start", "streams:nobody")
}

// readRefused sends invalid reads.
func readRefused(s *transcript) {
	s.append("a", "none", "a1")
	s.read("", "start")
	s.read("$$", "start")
	s.read("nothing", "start")
	s.read("a")
	s.read(allName)
	s.read("a", "start", "noform")
	s.read("a", "start", "uncounted")
	s.read("a", "start", "streams:a")
	s.read("a", "end", "backward", "subscribe")
	s.read(allName, "end", "backward", "subscribe")
	s.read(allName, "start", "stream:(", "x1")
	s.read(allName, "start", "stream:", "x1")
	s.read(allName, "start", "streams:a", "window0", "subscribe")
	s.read(allName, "start", "streams:a", "times0", "subscribe")
	s.read("a", "start", "streams:a", "subscribe")
	s.subscribe(allName, "9223372036854775808/9223372036854775808").until("nothing")
}

// subscribeStream follows streams.
func subscribeStream(s *transcript) {
	s.append("a", "none", "a1", "a2", "a3")
	start := s.subscribe("a", "start")
	start.until("caught up")
	middle := s.subscribe("a", "1", "text")
	middle.until("caught up")
	end := s.subscribe("a", "end")
	end.until("caught up")
	ahead := s.subscribe("a", "4")
	ahead.until("caught up")
	missing := s.subscribe("b", "start")
	missing.until("caught up")
	s.append("other", "any", "o1")
	s.append("a", "2", "a4")
	s.append("b", "any", "b1")
	s.append("a", "3", "a5", "a6")
	start.until("a6")
	middle.until("a6")
	end.until("a6")
	ahead.until("a6") // after revision 4
	missing.until("b1")
	// Limits apply to catching up, but not to following.
	s.append("$$a", "any", `m1|$metadata|{"$maxCount":2}`)
	s.subscribe("a", "start").until("caught up")
	s.subscribe("$$a", "start").until("caught up")
	s.delete("b", "any")
	deleted := s.subscribe("b", "start")
	deleted.until("caught up")
	s.append("b", "any", "b2")
	deleted.until("b2")
	s.tombstone("a", "any")
	start.until("nothing")
	ahead.until("nothing")
	s.subscribe("a", "end").until("nothing")
}

// subscribeAll subscribes to the whole log, which must start empty.
func subscribeAll(s *transcript) {
	s.subscribe(allName, "start").until("caught up") // of an empty log
	s.append("a", "none", "a1|apple", "a2|pear")
	s.append("b", "none", "b1|plum")
	start := s.subscribe(allName, "start")
	start.until("caught up")
	behind := s.subscribe(allName, "@2")
	behind.until("caught up")
	end := s.subscribe(allName, "end")
	end.until("caught up")
	last := s.subscribe(allName, "@3")
	last.until("caught up")
	beyond := s.subscribe(allName, "18446744073709551615/18446744073709551615")
	beyond.until("caught up")
	s.append("a", "1", "a3|apple")
	for _, follower := range []*subscription{start, behind, end, last, beyond} {
		follower.until("a3")
	}
	s.append("$$a", "any", `m1|$metadata|{"$maxCount":1}`)
	s.tombstone("b", "any")
	start.until("$streamDeleted")
	s.subscribe(allName, "start").until("caught up")
	s.subscribe(allName, "9223372036854775808/0").until("nothing")
}

// checkpoints exercises filtered subscriptions, and resuming from checkpoints.
func checkpoints(s *transcript) {
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.append(name, "none", name+"1|apple", name+"2|pear", name+"3|plum")
	}
	s.read(allName, "start")
	s.subscribe(allName, "start", "types:apple", "window4", "times1").until("caught up")
	s.subscribe(allName, "start", "types:apple", "window2", "times2").until("caught up")
	s.subscribe(allName, "start", "streams:a,b", "window5").until("caught up") // one checkpoint at the head
	s.subscribe(allName, "start", "types:nothing", "window4").until("caught up")
	s.subscribe(allName, "start", "types:nothing").until("caught up") // the window is 32
	s.subscribe(allName, "@15", "types:apple", "window4").until("caught up")
	s.subscribe(allName, "@14", "types:apple", "window4").until("caught up")
	// A subscription resumes after its checkpoint. In every form of it, no event is lost.
	s.subscribe(allName, "@4", "type:.", "window100").until("caught up")
	s.subscribe(allName, "@5/0", "type:.", "window100").until("caught up")
	s.subscribe(allName, "@5/@4", "type:.", "window100").until("caught up")
	s.subscribe(allName, "@4/@5", "type:.", "window100").until("caught up")
	// The window of checkpoints carries over from catching up to live events.
	live := s.subscribe(allName, "start", "types:plum", "window4")
	live.until("caught up")
	s.append("f", "none", "f1|plum", "f2|pear", "f3|pear", "f4|plum", "f5|pear", "f6|pear", "f7|pear", "f8|plum",
		"f9|plum")
	live.until("f8")
	live.until("f9")
}
