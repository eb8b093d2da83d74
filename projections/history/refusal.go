package history

import (
	"fmt"
	"slices"
	"strings"

	"admitone/events"
)

func init() {
	register(kind{category: events.RefusalsCategory, describe: describeRefusal, links: linksOfRefusal, ids: Derived,
		example: "refusals/2026-11-30 (the refusals of that day, with serve --record-refusals)"})
}

// linksOfRefusal adds the entity on which the refusal was decided, the requested entity, and the holder or the teams.
func linksOfRefusal(l *links, _ *events.Recorded, fact events.Fact) {
	f, ok := fact.(*events.RefusalRecorded)
	if !ok {
		return
	}
	for _, stream := range slices.Compact([]string{f.BeatenStream, f.Stream}) {
		if stream != "" {
			l.add(kindOfStream(events.StreamID(stream)), events.StreamID(stream).Entity())
		}
	}
	l.add(holderKind, string(f.Holder))
	for _, team := range f.TeamIDs {
		l.add(events.TeamCategory, string(team))
	}
}

// describeRefusal describes a refusal and its reason.
func describeRefusal(fact events.Fact, entity subject) string {
	switch f := fact.(type) {
	case *events.RefusalRecorded:
		mine := f.Holder != "" && entity.includes(holderKind, string(f.Holder))
		for _, id := range f.TeamIDs {
			mine = mine || entity.includes(events.TeamCategory, string(id))
		}
		if !mine && !entity.isEveryone() {
			return ""
		}
		text := fmt.Sprintf("%s wanted %s and was refused: %s, %s", requester(f), describeRequest(f), f.Code, f.Detail)
		if f.BeatenPosition > 0 {
			text += fmt.Sprintf("; the newest fact was %s@%d, position %d", f.BeatenStream, f.BeatenRevision, f.BeatenPosition)
		}
		return text
	case *events.RefusalsDropped:
		if entity.isEveryone() {
			return fmt.Sprintf("%s since %s were not recorded, because there were too many", counted(f.Count, "refusal"),
				events.FormatTime(f.Since))
		}
	}
	return ""
}

// requester names the holder or the teams that were refused.
func requester(f *events.RefusalRecorded) string {
	switch {
	case f.Holder != "":
		return string(f.Holder)
	case len(f.TeamIDs) > 0:
		return joined(f.TeamIDs, " and ")
	}
	return "somebody"
}

// requests has functions that describe a refused request, by method and the path segment after the entity's id. id and
// step are the next two segments, entity is the kind and id of the entity. The kinds' files fill the map in
// init functions.
var requests = map[string]func(f *events.RefusalRecorded, id, step, entity string) string{}

// describeRequest describes a refused request: in words if it is in requests, else by method and path.
func describeRequest(f *events.RefusalRecorded) string {
	stream := events.StreamID(f.Stream)
	entity := kindOfStream(stream) + " " + stream.Entity()
	// The segments are "", v1, kind, id, and those described at requests.
	parts := strings.Split(f.Path, "/")
	for len(parts) < 7 {
		parts = append(parts, "")
	}
	request := f.Method + " " + parts[4]
	if describe := requests[request]; describe != nil {
		return describe(f, parts[5], parts[6], entity)
	}
	switch request {
	case "PATCH ", "PUT ":
		return "to edit " + entity
	case "DELETE ":
		return "to give back " + entity
	}
	return fmt.Sprintf("%s %s", f.Method, f.Path)
}
