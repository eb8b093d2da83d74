// Package web has the live pages, the description of the API and its readable form. It renders
// files; it knows neither Fiber nor the source of the counts.
//
// # Why there is no build step
//
// The pages are templates, a few script modules and one style sheet, used as they are. They are
// embedded in the program, so a server needs no other file, and a developer reads the code that the
// browser runs.
//
// # How the page loses nothing
//
// The server writes each product's position into the page. The script subscribes from that
// position on, so a change in between is the first frame that it receives. Later frames have the
// position they follow; one that does not fit the last one received makes the script subscribe
// again from there. See socket.js of the JavaScript client, and live.js.
//
// # How the page drops outdated messages
//
// Each message has a condition (showMessage in page.js), which is checked again after every frame, answer
// and keystroke: once it is false the message goes. So "held for you" can't stay above "paid" after
// a change of the booking, in this tab or elsewhere. "Live" has such a condition too: the page
// pings a quiet socket, and removes the word if no answer comes (live.js).
//
// # Why the seat map is a canvas and buttons
//
// A hundred thousand elements are too many for a browser, and a picture of seats can be neither
// read aloud nor reached with a keyboard. So all seats are painted (seatpaint.js), as dots while they
// are tiny, and those in view that are big enough to be hit are transparent buttons as well
// (seatmap.js). The box scrolls as any other; the wheel, two fingers and a mouse that drags are
// seatgestures.js. A move shifts the picture and draws only what has come into view; the buttons follow
// when the map is at rest, some rows in each frame. Prices differ by colour, by shape and by letter
// (seatsigns.js), and a seat's status by its sign, so none of it needs colours.
//
// The map draws a SeatPlan (seatplan.js) and does not know its source: that is made of the map of a
// seating plan (hallmap.go), or of sections, which seatblocks.js places before a stage (hall.js). The
// live page fills it from the topic seats:, the audit from changes. A plan of 100,000 seats is 10 MB of
// JSON, which takes long to load; its map has columns of numbers, only for what is drawn. Browsers cache it.
//
// # How a page waits in line
//
// heartbeat.js polls for the visitor at the interval that the server asks for. It uses a timer in a
// worker, because a background page's own timers pause for longer than a visitor may be silent. The
// server's answer is stored under the holder's name, for a reload, another tab and every command
// (command.js); the topic only updates the figures between two answers. A link may name the page to
// go to with the pass, and anyone may have written it: passes.js accepts addresses of this server
// only.
//
// # How the audit page replays changes
//
// /audit reads the changes of one entity once (timeline.js), and goes from moment to moment by
// applying and undoing them: a slider that asked the server at each tick would fetch a whole map
// each time. It keeps a window of a hundred thousand changes, which begins with the state at its
// start. Only the names of a tournament's teams are read again, once a moment has not changed for a
// while, because the server decides the waitlist's order.
//
// # Why /docs is generated from openapi.yaml
//
// There is one description, and a test compares it with the routes and with real answers. A
// second text for people would soon differ.
package web
