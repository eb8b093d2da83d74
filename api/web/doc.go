// Package web is what people see with a browser: the live page, the description
// of the API and the readable form of it. It holds files and makes text of them;
// it knows neither Fiber nor where the counts come from.
//
// # Why there is no build step
//
// The pages are templates, a few script modules and one style sheet, as they lie
// here. They
// are part of the program, so a server without any file beside it has its page,
// and what a developer reads is what the browser runs.
//
// # How the page loses nothing
//
// The server writes each product's position into the page. The script subscribes
// from that position on, so a change between the two is the first thing it hears.
// Later frames say which position they follow; one that does not fit the last one
// seen makes the script ask again from there. See link.js.
//
// # Why the seat map is a canvas and buttons
//
// A hundred thousand elements are too many for a browser, and a picture of seats can
// be neither read aloud nor reached with a keyboard. So seats that are too small to be
// hit are painted (seatpaint.js), and those in view that are big enough are buttons
// (seatmap.js). The map draws what a SeatPlan says (seatplan.js) and does not know who
// fills that: the live page does from the topic seats:, any other may from elsewhere.
//
// # How a page waits in line
//
// attendance.js asks where the visitor stands when the server wants it and not sooner,
// by a clock in a worker, for in the background a page's own timers rest for longer
// than a place may be silent. What the server says is kept with the holder's name, so
// that a reload, another tab and every command (command.js) have it; the topic only
// moves the figures between two answers. A link names where to go with the pass, and
// anybody may have written it: passes.js lets it lead nowhere but to this server.
//
// # How the past is played
//
// /audit reads the changes of one thing once (reel.js), and goes from moment to moment
// by doing and undoing them: a slider that asked the server at each tick would ask for
// a whole map each time. It keeps a hundred thousand changes; where there are more, a
// window moves on, and begins with the state in which the one before it ended. Only the
// names of a tournament's teams are asked for again, once a moment has stayed for a
// while: the waitlist's order is the server's affair.
//
// # Why /docs is made of openapi.yaml
//
// There is one description, and a test holds it to the routes and to real answers.
// Text for people that was written beside it would say something else soon.
package web
