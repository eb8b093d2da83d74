// The kinds of things that have a story: how people name them, where their pages and
// resources are, and when something was.

export const kinds = ["product", "performance", "tournament", "waiting-room", "ticket", "team", "seat", "booking", "wallet", "allowance", "holder"];

// parse reads what somebody looks for: {kind, id}, with kind "" if it may be several.
export function parse(text) {
  const wanted = text.trim().replace(/\s+/g, " ");
  const [, kind, rest] = wanted.match(/^([a-z-]+) ?[/: ] ?(.+)$/i) ?? [];
  if (kinds.includes(kind?.toLowerCase())) return { kind: kind.toLowerCase(), id: twoParts(kind.toLowerCase(), rest) };
  if (/^[\w-]{1,64}[ ~/][^ ~/]+-\d+-\d+$/.test(wanted)) return { kind: "seat", id: twoParts("seat", wanted) };
  if (wanted.includes("~")) return { kind: "allowance", id: wanted };
  return { kind: "", id: wanted };
}

// twoParts writes gig A-1-1, gig/A-1-1 and gig~A-1-1 one way.
const twoParts = (kind, id) => ["seat", "allowance", "ticket"].includes(kind) && !id.includes("~") ? id.replace(/[ /]/, "~") : id;

// mayBe are the kinds that something of this name can be.
export const mayBe = (id) => /^[\w-]{1,64}$/.test(id) ? ["product", "performance", "tournament", "waiting-room", "team", "booking", "holder"] : ["holder"];

// cut takes kind/id apart.
export function cut(of) {
  const at = of.indexOf("/");
  return at < 1 ? { kind: "", id: of } : { kind: of.slice(0, at), id: of.slice(at + 1) };
}

// thing is whose a stream is, such as product-tee.
export function thing(stream) {
  const at = stream.indexOf("-"), category = stream.slice(0, at);
  return { kind: category === "waitingroom" ? "waiting-room" : category, id: stream.slice(at + 1) };
}

// pageOf is the page that shows a thing, at a position of the log if one is given.
export const pageOf = ({ kind, id }, position) => `/audit?${new URLSearchParams({ of: `${kind}/${id}` })}${position ? "#at=" + position : ""}`;

export const called = ({ kind, id }) => `${kind.replace("-", " ")} ${id}`;

// scrubbed are the kinds that have a slider on their page.
export const scrubbed = (kind) => ["product", "performance", "tournament", "seat"].includes(kind);

// resourceOf is where the API has a thing as it was, "" if nowhere.
export function resourceOf({ kind, id }, position) {
  const list = { booking: "bookings", wallet: "wallets", "waiting-room": "waiting-rooms", team: "teams" }[kind];
  return list ? `/v1/${list}/${encodeURIComponent(id)}?at=${position}` : "";
}

const clock = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short",
});

// when says a time, in milliseconds, to people.
export const when = (time) => clock.format(new Date(time));

const number = new Intl.NumberFormat();
export const count = (n) => number.format(n);
