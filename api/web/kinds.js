// The kinds of entities with a history: their names, the addresses of their pages and resources,
// and the format of times.

export const kinds = ["product", "performance", "tournament", "waiting-room", "ticket", "team", "seat", "booking", "wallet", "allowance", "api-key", "holder"];

// parse reads a search text: {kind, id}, with kind "" if it may be one of several.
export function parse(text) {
  const wanted = text.trim().replace(/\s+/g, " ");
  const [, kind, rest] = wanted.match(/^([a-z-]+) ?[/: ] ?(.+)$/i) ?? [];
  if (kinds.includes(kind?.toLowerCase())) return { kind: kind.toLowerCase(), id: twoParts(kind.toLowerCase(), rest) };
  if (/^[\w-]{1,64}[ ~/][^ ~/]+-\d+-\d+$/.test(wanted)) return { kind: "seat", id: twoParts("seat", wanted) };
  if (wanted.includes("~")) return { kind: "allowance", id: wanted };
  return { kind: "", id: wanted };
}

// twoParts normalises gig A-1-1, gig/A-1-1 and gig~A-1-1.
const twoParts = (kind, id) => ["seat", "allowance", "ticket"].includes(kind) && !id.includes("~") ? id.replace(/[ /]/, "~") : id;

// isID returns whether an id is valid for an entity; a holder may have any name.
export const isID = (id) => /^[\w-]{1,64}$/.test(id);

// splitRef splits kind/id.
export function splitRef(of) {
  const at = of.indexOf("/");
  return at < 1 ? { kind: "", id: of } : { kind: of.slice(0, at), id: of.slice(at + 1) };
}

// entityOf returns the entity of a stream such as product-tee.
export function entityOf(stream) {
  const at = stream.indexOf("-"), category = stream.slice(0, at);
  return { kind: category === "waitingroom" ? "waiting-room" : category, id: stream.slice(at + 1) };
}

// pageOf returns the page of an entity, at a position of the log if one is given.
export const pageOf = ({ kind, id }, position) => `/audit?${new URLSearchParams({ of: `${kind}/${id}` })}${position ? "#at=" + position : ""}`;

export const titleOf = ({ kind, id }) => `${kind.replace("-", " ")} ${id}`;

// hasTimeline reports whether the page of a kind has a slider.
export const hasTimeline = (kind) => ["product", "performance", "tournament", "seat"].includes(kind);

// resourceOf returns the address of an entity as it was in the API, "" if there is none.
export function resourceOf({ kind, id }, position) {
  const list = { booking: "bookings", wallet: "wallets", "waiting-room": "waiting-rooms", team: "teams" }[kind];
  return list ? `/v1/${list}/${encodeURIComponent(id)}?at=${position}` : "";
}

const clock = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short",
});

// when formats a time, in milliseconds, for people.
export const when = (time) => clock.format(new Date(time));

const number = new Intl.NumberFormat();
export const count = (n) => number.format(n);
