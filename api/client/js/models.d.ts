// Code generated from openapi.yaml by TestModels with -write-models. DO NOT EDIT.

/** The body of a batch. */
export interface Batch {
  /** Commands about one entity are decided in this order. */
  commands: BatchCommand[];
}

/** A command, as if sent alone. */
export interface BatchCommand {
  /** POST or DELETE. */
  method: string;
  /** The path of its own operation. */
  path: string;
  /** The body of its own operation. */
  body?: unknown;
  /** Its `Idempotency-Key`. */
  idempotency_key?: string;
  /** Its `Admission-Pass`. */
  admission_pass?: string;
}

/** The answers to a batch. */
export interface BatchAnswers {
  /** In the order of the commands. */
  answers: BatchAnswer[];
}

/** The answer to one command. */
export interface BatchAnswer {
  /** The status of the command as if sent alone. */
  status: number;
  /** The resource or the problem. */
  body: Record<string, unknown>;
}

/** A stock of interchangeable units. */
export interface Product {
  /** Your choice, or a UUIDv7. */
  id: string;
  /** The name for people. */
  name: string;
  /** The number of units. */
  stock: number;
  /** Units on sale. */
  remaining: number;
  /** The number on hold. */
  held: number;
  /** Confirmed units. */
  sold: number;
  /** Of one unit, in minor units. */
  price: number;
  /** The most that one holder may have; 0 for no limit. */
  limit_per_holder: number;
  /** The duration of a hold. */
  hold_seconds: number;
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** The first moment of its sale, if set. */
  opens_at?: string;
  /** The first moment after its sale, if set. */
  closes_at?: string;
  /** Only if it was cancelled. */
  status?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** As in openapi.yaml. */
  cancellation?: Cancellation;
  /** For `If-Match`, in quotes, in place of the `ETag`: it changes with edits alone. */
  edit_tag: string;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** The body that creates a product. */
export interface NewProduct {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** 1 to 200 characters. */
  name: string;
  /** The number of units. */
  stock: number;
  /** Of one unit, in minor units. */
  price?: number;
  /** The waiting room that guards it; empty for none. */
  waiting_room?: string;
  /** The most that one holder may have; 0 for no limit. */
  limit_per_holder?: number;
  /** The duration of a hold, up to 30 days. */
  hold_seconds?: number;
  /** The first moment of the sale, possibly in the past; by default it opens at once. */
  opens_at?: string;
  /** The first moment after the sale, after `opens_at`; by default it does not close. */
  closes_at?: string;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
}

/** The body that edits a product. */
export interface ProductEdit {
  /** 1 to 200 characters. */
  name?: string;
  /** The new number of units, not below `held` + `sold`. */
  stock?: number;
  /** Of one unit, in minor units. */
  price?: number;
  /** The waiting room that guards it; empty for none. */
  waiting_room?: string;
  /** The most that one holder may have; 0 for no limit. */
  limit_per_holder?: number;
  /** The first moment of the sale; `null` removes it. */
  opens_at?: string | null;
  /** The first moment after the sale; `null` removes it. */
  closes_at?: string | null;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
}

/** Units of a product for a holder. */
export interface Reservation {
  /** The server's choice. */
  id: string;
  /** The product. */
  product_id: string;
  /** The holder. */
  holder: string;
  /** The number of units. */
  quantity: number;
  /** As in openapi.yaml. */
  status: "held" | "confirmed" | "released" | "expired" | "cancelled";
  /** The deadline of a hold, also after it has expired. */
  expires_at?: string;
  /** Units of the product left after it. */
  remaining: number;
  /** The part of the payment that was not refunded when it was given back. */
  kept?: number;
  /** As in openapi.yaml. */
  outcome?: Outcome;
  /** As in openapi.yaml. */
  refund_id?: RefundID;
  /** Of the product; also the `ETag`. */
  revision: number;
  /** In the log. */
  position: number;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** The body of a reservation. */
export interface NewReservation {
  /** See *Holders* above. Optional with a token, and only a service or an admin may name another holder. */
  holder?: string;
  /** The number of units. */
  quantity?: number;
  /** Hold until a deadline instead of confirming at once. The default is `false`; with the token of a holder or auditor, and a price, `true`. */
  hold?: boolean;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
}

/** The shop's own order number: printable characters. Shown to the holder, to auditors, services and admins, and in no public list. It stays in the log for ever, so it must not have contact data. */
export type Reference = string;

/** Further data of the shop: up to 16 names and strings, of 1024 bytes together. As public and as permanent as the reference. */
export type Metadata = Record<string, string>;

/** The body that changes order data. Omitted members keep their values; `null` removes a value; `metadata` is replaced as a whole. */
export interface OrderEdit {
  /** The shop's own order number. */
  reference?: string | null;
  /** Further data of the shop. */
  metadata?: Record<string, string> | null;
}

/** Contact data of the holder, at least one of the three. It is kept outside the log, sealed under a key of the holder's own, and shown to the holder, to auditors, services and admins. No answer to a command has it. An entry's contact belongs to the caller who entered; in open mode, to the first team. */
export interface Contact {
  /** A person's name. */
  name?: string;
  /** An address with an @. */
  email?: string;
  /** A telephone number. */
  phone?: string;
}

/** The outcome of forgetting a holder. */
export interface Forgotten {
  /** The holder. */
  holder: string;
  /** True if a key existed and is destroyed. False if there was none, on a server that alone uses its log. */
  forgotten: boolean;
  /** Nodes that have not done it yet, if any. */
  pending?: string[];
}

/** The body that creates a key. */
export interface NewAPIKey {
  /** The program's name; several keys may share it. */
  name: string;
  /** As in openapi.yaml. */
  role: "auditor" | "service" | "door" | "admin";
  /** The time at which it ends by itself; by default never. */
  expires_at?: string;
}

/** The data of a key. The key itself is shown at its creation and never again. */
export interface APIKey {
  /** A UUIDv7. */
  id: string;
  /** The program's name. */
  name: string;
  /** As in openapi.yaml. */
  role: "auditor" | "service" | "door" | "admin";
  /** As in openapi.yaml. */
  created_at: string;
  /** As in openapi.yaml. */
  expires_at?: string;
  /** As in openapi.yaml. */
  ended_at?: string;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** A key, with the text that a program sends. */
export interface APIKeyMade {
  /** A UUIDv7. */
  id: string;
  /** The program's name. */
  name: string;
  /** As in openapi.yaml. */
  role: "auditor" | "service" | "door" | "admin";
  /** The text that the program sends; shown now, and never again. */
  key: string;
  /** As in openapi.yaml. */
  expires_at?: string;
  /** As in openapi.yaml. */
  revision: number;
  /** As in openapi.yaml. */
  position: number;
}

/** A participant in tournaments. */
export interface Team {
  /** Your choice, or a UUIDv7. */
  id: string;
  /** The name for people. */
  name: string;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** The body that creates a team. */
export interface NewTeam {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** 1 to 200 characters. */
  name: string;
  /** The owner. Optional with a token, and only a service or an admin may name another. */
  holder?: string;
}

/** Slots for teams, first come, first served. */
export interface Tournament {
  /** Your choice, or a UUIDv7. */
  id: string;
  /** The name for people. */
  name: string;
  /** The number of slots. */
  team_limit: number;
  /** Teams with a slot. */
  entered: number;
  /** Free slots. */
  remaining: number;
  /** Teams that wait for one. */
  waitlisted: number;
  /** The last moment at which a team can enter. */
  register_deadline: string;
  /** `closed` by the organiser, or because the deadline has passed. A full tournament is open: a withdrawal makes room. */
  status: "open" | "closed" | "cancelled";
  /** Whether teams may wait for a slot. */
  waitlist: boolean;
  /** As in openapi.yaml. */
  waitlist_rule: WaitlistRule;
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** The first moment at which a team can enter, if set. */
  opens_at?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** For `If-Match`, in quotes, in place of the `ETag`: it changes with edits alone. */
  edit_tag: string;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** The promotion while the first of the waitlist is a group that needs more slots than are free: none (`strict`), or of the next that fits (`fill`). */
export type WaitlistRule = "strict" | "fill";

/** The body that opens a tournament. */
export interface NewTournament {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** 1 to 200 characters. */
  name: string;
  /** The number of slots. */
  team_limit: number;
  /** The waiting room that guards it; empty for none. */
  waiting_room?: string;
  /** The last moment at which a team can enter, in the years 1970 to 9999. */
  register_deadline: string;
  /** The first moment at which a team can enter, possibly in the past; by default at once. */
  opens_at?: string;
  /** The organiser's switch. */
  status?: "open" | "closed";
  /** Whether teams may wait for a slot. */
  waitlist?: boolean;
  /** As in openapi.yaml. */
  waitlist_rule?: WaitlistRule;
}

/** The body that edits a tournament. */
export interface TournamentEdit {
  /** 1 to 200 characters. */
  name?: string;
  /** The new number of slots, not below `entered`. */
  team_limit?: number;
  /** The waiting room that guards it; empty for none. */
  waiting_room?: string;
  /** The last moment at which a team can enter. */
  register_deadline?: string;
  /** The organiser's switch. */
  status?: "open" | "closed";
  /** The first moment at which a team can enter; `null` removes it. */
  opens_at?: string | null;
}

/** The body that enters a team or a group; one of the two. */
export interface NewEntry {
  /** The team. */
  team_id?: string;
  /** The caller, whose pass is used; by default the `sub` of the token, or without one the (first) team. */
  holder?: string;
  /** The teams of a group, each once. They are entered as a whole or not at all. */
  team_ids?: string[];
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
}

/** The outcome of an entry or a withdrawal, with the tournament's counts. */
export interface Entered {
  /** Of one team. */
  team_id?: string;
  /** Of a group, in order. */
  team_ids?: string[];
  /** The tournament. */
  tournament_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
  /** On the waitlist, if waiting; of a group, its first team's. */
  place?: number;
  /** After a withdrawal: the promoted teams, in order. */
  promoted?: string[];
  /** Teams with a slot. */
  entered: number;
  /** Free slots. */
  remaining: number;
  /** Waiting teams. */
  waitlisted: number;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** Of the tournament; also the `ETag`. */
  revision: number;
  /** In the log. */
  position: number;
}

/** A team's part in a tournament. */
export interface Entry {
  /** The team. */
  team_id: string;
  /** Its name. */
  name: string;
  /** The tournament. */
  tournament_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
  /** On the waitlist, from 1, if waiting. */
  place?: number;
  /** The same number for teams that wait together. */
  group?: number;
  /** The time since which it has this status. */
  since: string;
  /** For one entry the tournament's, also the `ETag`; in a list the revision of the event that gave the team this status. */
  revision: number;
  /** The position that goes with `revision`. */
  position: number;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** `entered`: has a slot. `waitlisted`: waits for one. `withdrawn`: neither. `cancelled`: the tournament was cancelled. */
export type EntryStatus = "entered" | "waitlisted" | "withdrawn" | "cancelled";

/** The body that stores a seating plan. */
export interface NewPlan {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** Of the hall: 1 to 200 characters. */
  name: string;
  /** The parts of the hall. */
  zones: PlanZone[];
  /** Categories of seats and places; each has one price list. */
  categories: PlanCategory[];
  /** As in openapi.yaml. */
  size: PlanSize;
  /** As in openapi.yaml. */
  focal_point?: PlanPoint;
}

/** A seating plan. With `format=pretix` it has neither `id` nor the members after `categories` except `size`. */
export interface Plan {
  /** Your choice, or a UUIDv7. */
  id?: string;
  /** Of the hall: 1 to 200 characters. */
  name: string;
  /** The parts of the hall. */
  zones: PlanZone[];
  /** Categories of seats and places; each has one price list. */
  categories: PlanCategory[];
  /** As in openapi.yaml. */
  size: PlanSize;
  /** As in openapi.yaml. */
  focal_point?: PlanPoint;
  /** The number of numbered seats. */
  seats?: number;
  /** The number of places in areas for sale. */
  places?: number;
  /** Also the `ETag`. */
  revision?: number;
  /** Of the fact that completed it. */
  position?: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** A seating plan in a list. */
export interface PlanSummary {
  /** Your choice, or a UUIDv7. */
  id: string;
  /** Of the hall. */
  name: string;
  /** The number of numbered seats. */
  seats: number;
  /** The number of places in areas for sale. */
  places: number;
  /** Also the `ETag`. */
  revision: number;
  /** Of the fact that completed it. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** A point; y grows downwards. The default is 0,0; for the `focal_point`, the centre of the stage, the middle of the top edge. */
export interface PlanPoint {
  /** To the right. */
  x: number;
  /** Downwards. */
  y: number;
}

/** The size of the drawing, or of a rectangle in it. */
export interface PlanSize {
  /** As in openapi.yaml. */
  width: number;
  /** As in openapi.yaml. */
  height: number;
}

/** A category of seats and places. */
export interface PlanCategory {
  /** The name that prices refer to. */
  name: string;
  /** `#rrggbb`; anything else is drawn grey. */
  color?: string;
}

/** A part of the hall. */
export interface PlanZone {
  /** The name for people, and the first part of its seats' names if there is no `zone_id`. */
  name?: string;
  /** The first part of its seats' names. */
  zone_id?: string;
  /** As in openapi.yaml. */
  uuid?: string;
  /** As in openapi.yaml. */
  position?: PlanPoint;
  /** As in openapi.yaml. */
  rows: PlanRow[];
  /** As in openapi.yaml. */
  areas?: PlanArea[];
}

/** A row, or a part of the row with that number. */
export interface PlanRow {
  /** As in openapi.yaml. */
  row_number: string;
  /** As in openapi.yaml. */
  row_label?: string | null;
  /** As in openapi.yaml. */
  seat_label?: string | null;
  /** As in openapi.yaml. */
  uuid?: string;
  /** Ignored. */
  row_guid?: string;
  /** `start`, `end` or `both`. */
  row_number_position?: string | null;
  /** As in openapi.yaml. */
  position?: PlanPoint;
  /** Neighbours in this list are neighbours in the row. */
  seats: PlanSeat[];
}

/** A seat. */
export interface PlanSeat {
  /** Unique in the plan. */
  seat_guid: string;
  /** As in openapi.yaml. */
  seat_number: string;
  /** As in openapi.yaml. */
  uuid?: string;
  /** As in openapi.yaml. */
  start_direction?: string | null;
  /** As in openapi.yaml. */
  radius?: number;
  /** As in openapi.yaml. */
  position?: PlanPoint;
  /** A category of the plan. */
  category: string;
  /** A place for a wheelchair. */
  accessible?: boolean;
  /** The `seat_guid` of the accessible seat that this companion seat belongs to. */
  companion_of?: string;
  /** Sees only a part of the stage. */
  restricted_view?: boolean;
}

/** A shape to draw and, with a `capacity` and a `category`, standing room for sale. */
export interface PlanArea {
  /** Its name, unique in the plan. */
  id?: string;
  /** The number of places. */
  capacity?: number;
  /** A category of the plan. */
  category?: string;
  /** As in openapi.yaml. */
  color?: string;
  /** As in openapi.yaml. */
  border_color?: string;
  /** As in openapi.yaml. */
  rotation?: number;
  /** As in openapi.yaml. */
  position?: PlanPoint;
  /** As in openapi.yaml. */
  uuid?: string;
  /** As in openapi.yaml. */
  shape?: "polygon" | "rectangle" | "ellipse" | "circle" | "text";
  /** As in openapi.yaml. */
  polygon?: PlanPolygon;
  /** As in openapi.yaml. */
  rectangle?: PlanSize;
  /** As in openapi.yaml. */
  ellipse?: PlanEllipse;
  /** As in openapi.yaml. */
  circle?: PlanCircle;
  /** As in openapi.yaml. */
  text?: PlanText;
}

/** A polygon. */
export interface PlanPolygon {
  /** Its corners. */
  points: PlanPoint[];
}

/** An ellipse. */
export interface PlanEllipse {
  /** As in openapi.yaml. */
  radius: PlanPoint;
}

/** A circle. */
export interface PlanCircle {
  /** As in openapi.yaml. */
  radius: number;
}

/** A text to draw. */
export interface PlanText {
  /** As in openapi.yaml. */
  text: string;
  /** As in openapi.yaml. */
  color?: string;
  /** As in openapi.yaml. */
  size?: number;
  /** As in openapi.yaml. */
  position?: PlanPoint;
}

/** A performance with numbered seats; always `capacity` = `remaining` + `held` + `booked` + `blocked`. */
export interface Performance {
  /** Your choice, or a UUIDv7. */
  id: string;
  /** The work performed. */
  title: string;
  /** The place. */
  venue: string;
  /** The time. */
  starts_at: string;
  /** The time to pay a booking. */
  hold_seconds: number;
  /** The most seats that one holder may have; 0 for no limit. */
  limit_per_holder: number;
  /** The room that guards the sale, if any. */
  waiting_room?: string;
  /** The number of seats. */
  capacity: number;
  /** The number on sale. */
  remaining: number;
  /** The number on hold. */
  held: number;
  /** The number booked. */
  booked: number;
  /** The number off sale. */
  blocked: number;
  /** In canonical order. */
  sections: Section[];
  /** The areas of its plan with standing places, in the plan's order; the other counts are of seats alone. */
  areas?: Area[];
  /** The seating plan, if one defines the seats. */
  plan?: string;
  /** In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which seats are listed at the first. */
  prices?: Record<string, unknown>;
  /** The first moment of its sale, if set. */
  opens_at?: string;
  /** The first moment after its sale, if set. */
  closes_at?: string;
  /** As in openapi.yaml. */
  cancellation?: Cancellation;
  /** Only if it was cancelled. */
  status?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** For `If-Match`, in quotes: it changes with edits alone. */
  edit_tag: string;
  /** Changes with the performance and with each of its seats; also the `ETag`. */
  revision: number;
  /** Of the last change in the log, of a seat too. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** Standing places; always `capacity` = `remaining` + `held` + `booked` + `blocked`. */
export interface Area {
  /** Its id in the plan. */
  area: string;
  /** The number of places. */
  capacity: number;
  /** The number on sale. */
  remaining: number;
  /** The number on hold. */
  held: number;
  /** The number booked. */
  booked: number;
  /** The number blocked under labels; omitted if none are. */
  blocked?: number;
}

/** Rows of seats at one price, or a zone of a plan, which has neither `seats_per_row` nor `price`. */
export interface Section {
  /** The first part of its seats' names. */
  id: string;
  /** The name for people. */
  name: string;
  /** The number of rows; row 1 is in front. */
  rows: number;
  /** The number of seats in each row. */
  seats_per_row?: number;
  /** Of one seat, in minor units. */
  price?: number;
  /** The number of seats. */
  capacity: number;
  /** The number on sale. */
  remaining: number;
  /** The number on hold. */
  held: number;
  /** The number booked. */
  booked: number;
  /** The number off sale. */
  blocked: number;
}

/** The body that creates a performance. */
export interface NewPerformance {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** 1 to 200 characters. */
  title: string;
  /** 1 to 200 characters. */
  venue: string;
  /** The start of the show. */
  starts_at: string;
  /** The time to pay a booking, up to 30 days. */
  hold_seconds?: number;
  /** The most seats that one holder may have; 0 for no limit. */
  limit_per_holder?: number;
  /** The room that guards the sale. */
  waiting_room?: string;
  /** Up to 100,000 seats together. Either sections or a plan. */
  sections?: NewSection[];
  /** The seating plan that has the seats, in place of sections. */
  plan?: string;
  /** In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which seats are listed at the first. Each category in use needs one. */
  prices?: Record<string, unknown>;
  /** The first moment of the sale, possibly in the past; by default or with `null` it opens at once. */
  opens_at?: string | null;
  /** The first moment after the sale, after `opens_at`; by default `starts_at`, also after that is moved; `null`: it does not close. */
  closes_at?: string | null;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
}

/** The rule for giving back paid seats or units. On a performance or a product: the rule for new holds; on a product without it, a full refund without a deadline. On a booking: the rule as of its hold; without it, there is no deadline. */
export interface Cancellation {
  /** The first moment at which nothing can be given back any more; for a performance, by default and at the latest, the start of the show. */
  until?: string;
  /** The part of each price that is refunded, rounded up; the rest is kept. */
  refund_percent: number;
}

/** The rule for giving back paid seats or units. `null`, the default of a new performance or product: a full refund, until the show starts or without a deadline. */
export interface NewCancellation {
  /** The first moment at which nothing can be given back any more; at the latest the start of a show. */
  until: string;
  /** The part of each price that is refunded, rounded up; the rest is kept. */
  refund_percent: number;
}

/** The body that edits a performance. */
export interface PerformanceEdit {
  /** 1 to 200 characters. */
  title?: string;
  /** 1 to 200 characters. */
  venue?: string;
  /** The start of the show. */
  starts_at?: string;
  /** The time to pay a booking, for new ones. */
  hold_seconds?: number;
  /** The most seats that one holder may have; 0 for no limit. */
  limit_per_holder?: number;
  /** The first moment of the sale; `null` removes it. */
  opens_at?: string | null;
  /** The first moment after the sale; `null` removes it, and the time of `starts_at` ties it to the start, also after that is moved. */
  closes_at?: string | null;
  /** In minor units; the others stay. By section a number; by category of a plan a number, or a list of `{"type", "amount", "restricted"?}`, of which seats are listed at the first. */
  prices?: Record<string, unknown>;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
  /** The new capacities of areas, by their ids, at most those of the plan; the others stay. */
  areas?: Record<string, number>;
}

/** A price of a category for one type of visitor. */
export interface PriceType {
  /** For example adult. */
  type: string;
  /** In minor units. */
  amount: number;
  /** Sold by a service or an admin only. */
  restricted?: boolean;
}

/** A section of a new performance. */
export interface NewSection {
  /** The first part of its seats' names. */
  id: string;
  /** The name for people; by default the id. */
  name?: string;
  /** The number of rows. */
  rows: number;
  /** The number of seats in each row. */
  seats_per_row: number;
  /** Of one seat, in minor units. */
  price: number;
}

/** The status of a seat. */
export type SeatStatus = "free" | "held" | "booked" | "blocked";

/** As in openapi.yaml. */
export interface ListedSeat {
  /** Its name. */
  seat: string;
  /** As in openapi.yaml. */
  status: SeatStatus;
  /** In minor units. */
  price: number;
}

/** A seat that changed. */
export interface SeatChange {
  /** Place in the log. */
  position: number;
  /** The time of its recording, which `?at=` uses. */
  recorded: string;
  /** Its name: section, row and number. */
  seat: string;
  /** As in openapi.yaml. */
  was: SeatStatus;
  /** As in openapi.yaml. */
  status: SeatStatus;
}

/** A seat. Before its first change it has no revision and no position. */
export interface Seat {
  /** The performance. */
  performance_id: string;
  /** Its name. */
  seat: string;
  /** As in openapi.yaml. */
  status: SeatStatus;
  /** In minor units. */
  price: number;
  /** Of the last change, from 0; also the `ETag`. */
  revision?: number;
  /** Of the last change in the log. */
  position?: number;
}

/** The body of a booking: `seats`, `areas` or both, or `best_available`. */
export interface NewBooking {
  /** See *Holders* above. Optional with a token, and only a service or an admin may name another holder. */
  holder?: string;
  /** By name, or by name and price type. A plain seat gets the first type of its category that is not restricted. */
  seats?: unknown[];
  /** Places of areas of the plan, by their ids: a number, at the first type that is not restricted, or a list by price type. With the seats at most 50. */
  areas?: Record<string, unknown>;
  /** As in openapi.yaml. */
  best_available?: BestAvailable;
  /** As in openapi.yaml. */
  label?: BlockLabel;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
}

/** The purpose of blocked seats and places: 1 to 64 printable characters. In a booking: its seats may be among `seats`, and of `areas` its places are taken first; only a service or an admin may name one. */
export type BlockLabel = string;

/** The body of a block: `seats` or `rows`, `areas`, or both. */
export interface NewBlock {
  /** By name. */
  seats?: string[];
  /** Whole rows, by section and number, as in A-12. */
  rows?: string[];
  /** The places that the label keeps, by the ids of the areas. */
  areas?: Record<string, number>;
  /** As in openapi.yaml. */
  label: BlockLabel;
}

/** The seats and places of a request that blocks or unblocks. */
export interface Block {
  /** The performance. */
  performance_id: string;
  /** As in openapi.yaml. */
  label: BlockLabel;
  /** By name, in canonical order. */
  seats: string[];
  /** The places that the label keeps, or that are on sale again, by area. */
  areas: Record<string, number>;
  /** The log's position after the change. */
  position: number;
}

/** The blocked seats and places, by label. */
export type ListedBlocks = ListedBlock[];

/** The seats and places blocked under a label. */
export interface ListedBlock {
  /** Empty for seats without a label, which nobody can book. */
  label: string;
  /** By name, in canonical order. */
  seats: string[];
  /** The blocked places, by area. */
  areas: Record<string, number>;
}

/** A seat at one of the price types of its category. Restricted ones need `service` or `admin` (403 `forbidden`). */
export interface TypedSeat {
  /** Its name. */
  seat: string;
  /** For example student. */
  price_type?: string;
}

/** Places of an area at one of the price types of its category, each type once. Restricted ones need `service` or `admin` (403 `forbidden`). */
export interface TypedPlaces {
  /** For example student; by default the first that is not restricted. */
  price_type?: string;
  /** The number of places. */
  quantity: number;
}

/** The price of one seat, or of the places of one area at one price. */
export interface BookingLine {
  /** Its name, if it is a seat. */
  seat?: string;
  /** Its id, if it is places of an area. */
  area?: string;
  /** Of its category, if that has several. */
  price_type?: string;
  /** As in openapi.yaml. */
  quantity: number;
  /** Of one, as of the hold, in minor units. */
  price: number;
  /** The permanent numbers of these places in this booking. */
  places?: number[];
}

/** The best free seats. In a plan, if possible: together in one row without a gap, then leaving no single seat alone, then near the focal point. */
export interface BestAvailable {
  /** Only of this section. */
  section?: string;
  /** Only of this zone of the plan, which is a section of the performance. */
  zone?: string;
  /** Only of this category of the plan. */
  category?: string;
  /** One of the seats has to be a wheelchair place; a companion seat comes only with its wheelchair place. Otherwise no such seats are chosen. Needs a plan. */
  accessible?: boolean;
  /** The number of seats. */
  quantity: number;
  /** Seats by price type, as in {"adult": 2, "student": 1}, adding up to `quantity`. Only categories that have all of these types are considered. Restricted ones need `service` or `admin` (403 `forbidden`). */
  price_types?: Record<string, number>;
}

/** Seats and places of a performance for a holder. */
export interface Booking {
  /** The server's choice. */
  id: string;
  /** The performance. */
  performance_id: string;
  /** The holder. */
  holder: string;
  /** By name, in canonical order, without those given back one by one. */
  seats: string[];
  /** The places by area, without those given back one by one; omitted if there are none. */
  areas?: Record<string, number>;
  /** The seats given back one by one, in that order. */
  returned?: string[];
  /** The prices of `seats`, in their order, then those of the places of areas. */
  lines: BookingLine[];
  /** The price of all seats and places as of the hold, in minor units. */
  amount: number;
  /** `paying`: a payment is in progress, and no deadline ends it. `cancelled`: its performance was cancelled. */
  status: "held" | "awaiting_payment" | "paying" | "booked" | "released" | "expired" | "cancelled";
  /** The last moment for a payment. */
  expires_at: string;
  /** Whether the hold was extended. */
  extended: boolean;
  /** As in openapi.yaml. */
  cancellation?: Cancellation;
  /** The part of the payment for returned seats that was not refunded. */
  kept?: number;
  /** The payment intent, while it is `awaiting_payment`; `expires_at` is its deadline. */
  intent?: string;
  /** As in openapi.yaml. */
  outcome?: Outcome;
  /** As in openapi.yaml. */
  refund_id?: RefundID;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** A cancellation by the organiser. */
export interface Cancelled {
  /** The reason. */
  reason: string;
  /** The time. */
  at: string;
  /** Of the cancellation in the log: later sales are ended all the same. */
  position: number;
}

/** The body of a cancellation by the organiser. */
export interface NewCallOff {
  /** The reason, for people: 1 to 200 printable characters. */
  reason: string;
}

/** The bookings, reservations or entries that a cancellation ends, or would end. */
export interface CallOff {
  /** Its kind. */
  of: "performance" | "product" | "tournament";
  /** Its id. */
  id: string;
  /** `planned`: it was not cancelled; `running`: earlier sales are left; `done`: a later sale, by a server that did not know of it yet, is ended when it is found. */
  status: "planned" | "running" | "done";
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** The last error, while it is tried again. */
  failing?: string;
  /** Affected holders. */
  holders: number;
  /** Affected bookings, reservations or entries. */
  count: number;
  /** The number of seats, units or teams. */
  quantity: number;
  /** Affected ones that are not paid, or are being paid. */
  unpaid: number;
  /** Affected ones that are refunded. */
  paid: number;
  /** Affected ones that are not ended yet. */
  left: number;
  /** The refunds in total, by the method of payment: to wallets at once; of money from outside, owed until settled. */
  refunds: CallOffRefund[];
  /** A page of them. */
  affected: CallOffItem[];
  /** The cursor of the next page, or null. */
  next: string | null;
  /** The log's position up to which all is counted. */
  position: number;
}

/** The refunds for one method of payment. */
export interface CallOffRefund {
  /** The method of payment. */
  method: "wallet" | "external";
  /** The provider, for money from outside. */
  provider?: string;
  /** The number of refunds. */
  count: number;
  /** Together, in minor units. */
  amount: number;
  /** By ISO 4217. */
  currency: string;
}

/** A booking, reservation or entry that is ended. */
export interface CallOffItem {
  /** Of the booking, the reservation or the team. */
  id: string;
  /** The holder. */
  holder?: string;
  /** The current status: `cancelled` once ended. */
  status: string;
  /** The number of seats, units or teams. */
  quantity: number;
  /** The refund, in minor units. */
  refund: number;
  /** The method of payment, if anything is refunded. */
  method?: "wallet" | "external";
  /** The provider, for money from outside. */
  provider?: string;
}

/** The sales of one entity, with their amounts. */
export interface Report {
  /** The entity. */
  id: string;
  /** Units, seats or teams currently sold. */
  sold: number;
  /** Units, seats or teams held or being paid. */
  held: number;
  /** Units, seats or teams sold and given back. */
  given_back: number;
  /** Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`. */
  received: number;
  /** Received and not decided yet. */
  open: number;
  /** Received for current sales. */
  booked: number;
  /** Received for returns, and not to be refunded. */
  kept: number;
  /** Refunded. */
  refunded: number;
  /** To be refunded. */
  owed: number;
  /** The same by section, for a performance, except money that paid for nothing (wrong, late or double). */
  sections: SectionReport[];
  /** The same by category and price type, for a performance in a plan; only those ever sold or held. */
  categories?: CategoryReport[];
  /** Money in other currencies than the log's; it is not in the sums. */
  foreign?: ForeignMoney[];
  /** The log's position up to which all is counted. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** Money in another currency than the log's. It pays for nothing. */
export interface ForeignMoney {
  /** Its code (ISO 4217). */
  currency: string;
  /** In its minor units: `open` + `refunded` + `owed`. */
  received: number;
  /** Received and not decided yet. */
  open: number;
  /** Refunded. */
  refunded: number;
  /** To be refunded. */
  owed: number;
}

/** The share of one section. */
export interface SectionReport {
  /** Its id. */
  section: string;
  /** Units, seats or teams currently sold. */
  sold: number;
  /** Units, seats or teams held or being paid. */
  held: number;
  /** Units, seats or teams sold and given back. */
  given_back: number;
  /** Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`. */
  received: number;
  /** Received and not decided yet. */
  open: number;
  /** Received for current sales. */
  booked: number;
  /** Received for returns, and not to be refunded. */
  kept: number;
  /** Refunded. */
  refunded: number;
  /** To be refunded. */
  owed: number;
}

/** The share of one price type of one category. */
export interface CategoryReport {
  /** Of the plan. */
  category: string;
  /** If the category has several prices. */
  price_type?: string;
  /** Units, seats or teams currently sold. */
  sold: number;
  /** Units, seats or teams held or being paid. */
  held: number;
  /** Units, seats or teams sold and given back. */
  given_back: number;
  /** Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`. */
  received: number;
  /** Received and not decided yet. */
  open: number;
  /** Received for current sales. */
  booked: number;
  /** Received for returns, and not to be refunded. */
  kept: number;
  /** Refunded. */
  refunded: number;
  /** To be refunded. */
  owed: number;
}

/** The outcome of a reported payment; only in the answer to the report. */
export type Outcome = "booked" | "refund_owed";

/** The refund that is owed, in `/v1/refunds`. */
export type RefundID = string;

/** Empty to pay a booking from the wallet, or to confirm a reservation without money; otherwise a payment made outside, which needs all members but `final`. */
export interface NewPayment {
  /** As in openapi.yaml. */
  method?: string;
  /** The provider that took the money. */
  provider?: string;
  /** The provider's name for the payment; one reference is one payment for one purchase. */
  reference?: string;
  /** The amount received, in minor units. */
  amount?: number;
  /** By ISO 4217. */
  currency?: string;
  /** Whether a wrong sum is received too. */
  final?: boolean;
}

/** The body that begins a payment intent. */
export interface NewIntent {
  /** The provider that takes the money. */
  provider: string;
  /** The duration of the intent. */
  seconds?: number;
}

/** The body that requests a provider's page. */
export interface NewCheckout {
  /** The page for the holder after the payment. */
  success_url: string;
  /** The page for the holder who cancels it. */
  cancel_url: string;
}

/** A provider's page for the payment of a booking. */
export interface Checkout {
  /** Its address. */
  url: string;
  /** The deadline for the payment. */
  expires_at: string;
  /** Of the last event of the booking in the log. */
  position: number;
}

/** An event as Stripe sends it, with any other members. */
export interface StripeEvent {
  /** Stripe's id. */
  id?: string;
  /** The type of the event. */
  type?: string;
}

/** A refund of money from outside that one fact caused, owed or settled. */
export interface Refund {
  /** As in openapi.yaml. */
  id: RefundID;
  /** Whether it is settled. */
  status: "owed" | "settled";
  /** In minor units of `currency`. */
  amount: number;
  /** The payment's currency. */
  currency: string;
  /** The provider that took the money. */
  provider: string;
  /** The provider's name for the payment. */
  reference: string;
  /** The purchase. */
  booking_id?: string;
  /** The purchase. */
  product_id?: string;
  /** The purchase. */
  reservation_id?: string;
  /** The cause of the debt. */
  cause: "late" | "already_paid" | "released" | "seat_returned" | "cancelled" | "wrong_sum";
  /** The reference of the repayment. */
  settlement?: string;
  /** `asked`: the provider is asked for the refund (`serve --stripe-refunds`), and until its answer the refund can't be settled otherwise. Any other value is the reason why the provider has not paid it, or has taken it back: it is owed, and not requested again. `other_refund`: the payment has refunds at the provider that the log does not know. */
  at_provider?: "asked" | "failed" | "canceled" | "refused" | "other_refund" | "reference_used";
  /** Of the payment at the last change of the refund; also the `ETag`. */
  revision: number;
  /** Of that change in the log. */
  position: number;
}

/** The body that settles a refund. */
export interface NewSettlement {
  /** The provider's name for the repayment. */
  reference: string;
}

/** The body that charges a wallet. */
export interface NewCharge {
  /** In minor units. */
  amount: number;
}

/** Money of a holder. */
export interface Wallet {
  /** The holder. */
  holder: string;
  /** In minor units. */
  balance: number;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** An entry of a wallet. */
export interface WalletEntry {
  /** Of the charge or the payment. */
  id: string;
  /** As in openapi.yaml. */
  kind: "charged" | "debited" | "refunded";
  /** The amount, in minor units. */
  amount: number;
  /** The balance after it. */
  balance: number;
  /** The booking that was paid or given back, if any. */
  booking_id?: string;
  /** The time. */
  time: string;
  /** Of the wallet after it. */
  revision: number;
  /** In the log. */
  position: number;
}

/** The moment as of which the state is shown. */
export interface AsOf {
  /** The last position included. */
  position: number;
  /** The requested time, or that of the position. */
  time: string;
}

/** A recorded fact as a CloudEvent 1.0. `position` and `revision` may be larger than 31 bits. Foreign events have `data_base64` and `metadatabase64` instead of `data` and our metadata's members. */
export interface Event {
  /** As in openapi.yaml. */
  specversion: string;
  /** As in openapi.yaml. */
  id: string;
  /** The path of the stream. */
  source: string;
  /** The fact's permanent name, such as `product.reserved.v1`. */
  type: string;
  /** The id of the entity. */
  subject?: string;
  /** The time of the decision. */
  time?: string;
  /** As in openapi.yaml. */
  datacontenttype: "application/json" | "application/octet-stream";
  /** Such as `product-tee`. */
  stream: string;
  /** Place in the stream, from 0. */
  revision: number;
  /** Place in the log, from 1. */
  position: number;
  /** The time of recording. */
  recorded: string;
  /** The command that caused it. */
  commandid?: string;
  /** The original request. */
  correlationid?: string;
  /** The cause of the command. */
  causationid?: string;
  /** The caller. */
  actor?: string;
  /** The chain hash over this and all earlier events of the stream, in hex. */
  hash?: string;
  /** The fact. */
  data?: Record<string, unknown>;
  /** The metadata of a foreign event. */
  metadatabase64?: string;
  /** The data of a foreign event. */
  data_base64?: string;
  /** The name of the stream if it is not text. */
  streambase64?: string;
  /** The type if it is not text. */
  typebase64?: string;
}

/** A signed head of the log. */
export interface LogHead {
  /** The log's identity. */
  epoch: string;
  /** The number of events. */
  size: number;
  /** The position of the last of them, equal to `size` unless `counts` is `own`. */
  position: number;
  /** The root of the Merkle tree over them (RFC 6962), in base64. */
  root: string;
  /** The head as a signed note; keep this. */
  note: string;
  /** The public key that verifies it. */
  key: string;
  /** The events that `size` counts: `all`, as in a log in a directory, or this system's `own`, in the order of the log, as in an EventStoreDB that other programs may use too. */
  counts?: "all" | "own";
}

/** A proof that an event is in the log. */
export interface Receipt {
  /** As in openapi.yaml. */
  event: Event;
  /** The event's number among those that the head counts, if it differs from its position. */
  ordinal?: number;
  /** The hashes that lead from the event to the root, in base64. */
  proof: string[];
  /** A signed note. */
  head: string;
}

/** One event, in words. */
export interface HistoryLine {
  /** Place in the log. */
  position: number;
  /** The time. */
  time: string;
  /** The stream. */
  stream: string;
  /** Place in the stream. */
  revision: number;
  /** The caller. */
  actor: string;
  /** The request. */
  request_id: string;
  /** Its cause: the request, the `command_id` of another event, `deadline` or, in a waiting room, `round`. */
  causation_id: string;
  /** The command that decided it; events that it caused elsewhere have it as `causation_id`. */
  command_id: string;
  /** The position of its cause, if that is in the log. */
  because?: number;
  /** The event in a sentence. */
  text: string;
  /** Related entities, each as `kind/id` of a history: causes, effects and owners. */
  leads_to: string[];
}

/** An entity with a history, at `/v1/history/{kind}/{id}`. */
export interface HistoryOf {
  /** Of the entity. */
  kind: "product" | "performance" | "tournament" | "waiting-room" | "team" | "booking";
  /** Of the entity. */
  id: string;
}

/** As in openapi.yaml. */
export interface Cluster {
  /** Whether the server runs with `--cluster`. */
  clustered: boolean;
  /** The same at all nodes that agree on the serving nodes; empty without nodes. */
  view: string;
  /** As in openapi.yaml. */
  nodes: Node[];
  /** Nodes that went away in the last ten minutes and did not return, as noticed by the answering node, the last one first. */
  departed: DepartedNode[];
  /** As in openapi.yaml. */
  hops: Hops;
  /** The waiting rooms known to the answering node, by name. */
  rooms: NodeRoom[];
  /** Work outside for the events of the log, such as the deliveries to a webhook, and who does it. */
  cursors: NodeCursor[];
}

/** Requests for other owners since the start of the answering node. */
export interface Hops {
  /** Passed on to their owner and answered by it. */
  passed: number;
  /** Decided by the answering node, because their owner was unavailable. */
  decided_here: number;
  /** Passed on to the answering node, which is not their owner. */
  misplaced: number;
}

/** A waiting room and the node that runs it. */
export interface NodeRoom {
  /** As in openapi.yaml. */
  id: string;
  /** The node that should run it, empty if none serves. */
  owner: string;
  /** The node that runs it, empty if none has taken it over, or one that is not a member. */
  node: string;
  /** Whether the answering node runs it. */
  runs_here: boolean;
  /** How often it has been taken over. */
  term: number;
}

/** Work outside for the events of the log, and who does it. */
export interface NodeCursor {
  /** Where its progress is: `webhook-<id>`, `calloff-<id>`, `cursor-<provider>~refunds`. */
  stream: string;
  /** The last that has taken it over, empty if nobody has since it was moved back. */
  node: string;
  /** How often it has been taken over. */
  term: number;
  /** Up to which position everything is done. */
  reached: number;
}

/** As in openapi.yaml. */
export interface Node {
  /** The name, which a restart does not change. */
  name: string;
  /** The id of this run. */
  run: string;
  /** Whether it is the answering node. */
  self: boolean;
  /** As in openapi.yaml. */
  state: "joining" | "serving" | "cut" | "draining";
  /** Whether it sends no heartbeat and is passed over. */
  suspected: boolean;
  /** As in openapi.yaml. */
  version: string;
  /** The start of this run. */
  since?: string;
  /** The position up to which it has followed the log, 0 if not reported. */
  position: number;
  /** Its address for requests that other nodes pass on. */
  http: string;
  /** Nodes with different versions pass no requests to each other. */
  hop_protocol: number;
  /** The approximate part of all entities that it owns. */
  share: number;
  /** Seconds since its last heartbeat, null for the node itself. */
  heard_seconds_ago: number | null;
  /** The seconds by which its clock is ahead. */
  clock_ahead_seconds: number;
  /** Whether it is not ready because its keys are not those of the log or of other nodes. */
  keys_differ: boolean;
}

/** A node that went away. */
export interface DepartedNode {
  /** As in openapi.yaml. */
  name: string;
  /** The id of its last run. */
  run: string;
  /** `left` if it had announced its end, `lost` otherwise. */
  state: "left" | "lost";
  /** When the answering node noticed. */
  at: string;
  /** Its address for requests that other nodes passed on. */
  http: string;
  /** As in openapi.yaml. */
  version: string;
}

/** A copy of the log. */
export interface Backup {
  /** Its path on the server's machine. */
  path: string;
  /** The copy holds every event up to this one. */
  position: number;
}

/** Data of a `snapshot` frame of a product. */
export interface ProductSnapshot {
  /** As in openapi.yaml. */
  topic: string;
  /** The log's identity. */
  epoch: string;
  /** As in openapi.yaml. */
  position: number;
  /** As in openapi.yaml. */
  id: string;
  /** As in openapi.yaml. */
  name: string;
  /** As in openapi.yaml. */
  stock: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  price: number;
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** The first moment of its sale, if set. */
  opens_at?: string;
  /** The first moment after its sale, if set. */
  closes_at?: string;
  /** As in openapi.yaml. */
  revision: number;
}

/** Data of a `delta` frame of a product. */
export interface ProductDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** The position of the previous frame. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** The change of `remaining`. */
  change: number;
  /** As in openapi.yaml. */
  cause: "created" | "edited" | "reserved" | "held" | "confirmed" | "released" | "expired" | "opened" | "closed" | "cancelled" | "mixed" | "unchanged";
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** As in openapi.yaml. */
  revision: number;
  /** After an edit only. */
  name?: string;
  /** After an edit only. */
  stock?: number;
  /** After an edit only. */
  price?: number;
  /** After an edit only, if set. */
  opens_at?: string;
  /** After an edit only, if set. */
  closes_at?: string;
}

/** Data of a `snapshot` frame of a tournament. */
export interface TournamentSnapshot {
  /** As in openapi.yaml. */
  topic: string;
  /** The log's identity. */
  epoch: string;
  /** As in openapi.yaml. */
  position: number;
  /** As in openapi.yaml. */
  id: string;
  /** As in openapi.yaml. */
  name: string;
  /** As in openapi.yaml. */
  team_limit: number;
  /** As in openapi.yaml. */
  entered: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  waitlisted: number;
  /** As in openapi.yaml. */
  register_deadline: string;
  /** The organiser's switch alone: the deadline passes without a frame. */
  status: "open" | "closed" | "cancelled";
  /** As in openapi.yaml. */
  waitlist: boolean;
  /** As in openapi.yaml. */
  waitlist_rule: WaitlistRule;
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** The first moment at which a team can enter, if set. */
  opens_at?: string;
  /** As in openapi.yaml. */
  revision: number;
}

/** Data of a `delta` frame of a tournament. */
export interface TournamentDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** The position of the previous frame. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  entered: number;
  /** As in openapi.yaml. */
  waitlisted: number;
  /** The change of `remaining`. */
  change: number;
  /** As in openapi.yaml. */
  cause: "created" | "edited" | "entered" | "waitlisted" | "promoted" | "withdrawn" | "opened" | "cancelled" | "mixed" | "unchanged";
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** After an edit only, if set. */
  opens_at?: string;
  /** As in openapi.yaml. */
  revision: number;
  /** The teams whose status changed, 32 at most. */
  teams?: TeamMoved[];
  /** Instead of more than 32 `teams`: read the entries. */
  teams_unnamed?: boolean;
  /** After an edit only. */
  name?: string;
  /** After an edit only. */
  team_limit?: number;
  /** After an edit only. */
  register_deadline?: string;
  /** After an edit only. */
  status?: "open" | "closed";
}

/** As in openapi.yaml. */
export interface TeamMoved {
  /** As in openapi.yaml. */
  team_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
}

/** Data of a `snapshot` frame of a team. */
export interface TeamSnapshot {
  /** As in openapi.yaml. */
  topic: string;
  /** The log's identity. */
  epoch: string;
  /** As in openapi.yaml. */
  position: number;
  /** As in openapi.yaml. */
  id: string;
  /** As in openapi.yaml. */
  name: string;
  /** As in openapi.yaml. */
  revision: number;
  /** Its entries, 100 at most. */
  entries: TeamEntry[];
  /** There are more entries. */
  more?: boolean;
}

/** Data of a `delta` frame of a team. */
export interface TeamDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** The position of the previous frame. */
  previous: number;
  /** `moved`: only a place on a waitlist has changed, because somebody ahead left it. */
  cause: "entered" | "waitlisted" | "promoted" | "withdrawn" | "moved" | "mixed" | "unchanged";
  /** The changed entries. */
  entries: TeamEntry[];
}

/** As in openapi.yaml. */
export interface TeamEntry {
  /** As in openapi.yaml. */
  tournament_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
  /** On the waitlist, if waiting. */
  place?: number;
  /** In a delta. */
  cause?: "entered" | "waitlisted" | "promoted" | "withdrawn" | "moved" | "mixed";
}

/** A line before a sale. */
export interface WaitingRoom {
  /** As in its path. */
  id: string;
  /** The highest number admitted per second; 0 for a pause. */
  admit_per_second: number;
  /** The highest number of passes at once. */
  max_active: number;
  /** The duration of a pass. */
  active_seconds: number;
  /** The longest time between two heartbeats; after twice that the place is lost. */
  heartbeat_seconds: number;
  /** As in openapi.yaml. */
  status: RoomStatus;
  /** As in openapi.yaml. */
  order: RoomOrder;
  /** The first admission; missing if at once. */
  opens_at?: string;
  /** SHA-256 of the seed of a shuffled opening, in hexadecimal. */
  seed_hash?: string;
  /** The seed in hexadecimal, once the order has been drawn. */
  seed?: string;
  /** The last ticket before a shuffled opening, once it has begun. */
  early?: number;
  /** Waiting visitors. */
  waiting: number;
  /** Valid passes. */
  active: number;
  /** Visitors admitted so far. */
  admitted: number;
  /** Places given out so far: the last ticket. */
  joined: number;
  /** Counts the settings, from 1; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** In a closed room nobody joins and nobody is admitted. */
export type RoomStatus = "open" | "closed";

/** The order of visitors who joined before `opens_at`: by arrival, or drawn. */
export type RoomOrder = "fifo" | "shuffle";

/** The body that creates or changes a waiting room. */
export interface NewWaitingRoom {
  /** The highest number admitted per second; 0 for a pause. */
  admit_per_second: number;
  /** The highest number of passes at once. */
  max_active: number;
  /** The duration of a pass. */
  active_seconds: number;
  /** The longest time between two heartbeats. */
  heartbeat_seconds: number;
  /** As in openapi.yaml. */
  status?: RoomStatus;
  /** As in openapi.yaml. */
  order?: RoomOrder;
  /** The first admission. */
  opens_at?: string;
}

/** Whether events are delivered. */
export type WebhookStatus = "enabled" | "disabled";

/** A receiver of events. */
export interface Webhook {
  /** As in its path. */
  id: string;
  /** The receiver's address. */
  url: string;
  /** The event types to deliver; missing for all. */
  types?: string[];
  /** For people. */
  description: string;
  /** As in openapi.yaml. */
  status: WebhookStatus;
  /** `asked`: by an edit. `gone`: its receiver answered 410. `failing`: an event could not be delivered for 3 days. */
  disabled_because?: "asked" | "gone" | "failing";
  /** The position in the log up to which everything has been delivered. */
  reached: number;
  /** The time since which an event can't be delivered, if so. */
  failing_since?: string;
  /** The error of the last attempt. */
  last_error?: string;
  /** The time of the next attempt. */
  next_at?: string;
  /** Of the newest edit; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
}

/** A webhook with a secret that signs its deliveries. */
export interface WebhookWithSecret {
  /** As in its path. */
  id: string;
  /** The receiver's address. */
  url: string;
  /** The event types to deliver; missing for all. */
  types?: string[];
  /** For people. */
  description: string;
  /** As in openapi.yaml. */
  status: WebhookStatus;
  /** `asked`: by an edit. `gone`: its receiver answered 410. `failing`: an event could not be delivered for 3 days. */
  disabled_because?: "asked" | "gone" | "failing";
  /** The position in the log up to which everything has been delivered. */
  reached: number;
  /** The time since which an event can't be delivered, if so. */
  failing_since?: string;
  /** The error of the last attempt. */
  last_error?: string;
  /** The time of the next attempt. */
  next_at?: string;
  /** Of the newest edit; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** The key with which the receiver verifies signatures. */
  secret: string;
  /** The time until which the previous secret signs as well. */
  old_secret_until?: string;
}

/** The body that creates a webhook. */
export interface NewWebhook {
  /** Your choice; by default a UUIDv7. */
  id?: string;
  /** An https:// URL with a public host, without a user name. */
  url: string;
  /** The event types to deliver; by default all. */
  types?: string[];
  /** For people. */
  description?: string;
}

/** The body that edits a webhook. */
export interface WebhookEdit {
  /** An https:// URL with a public host, without a user name. */
  url?: string;
  /** The event types to deliver; `null` for all. */
  types?: string[] | null;
  /** For people. */
  description?: string;
  /** As in openapi.yaml. */
  status?: WebhookStatus;
}

/** The body that repeats deliveries. */
export interface WebhookReplay {
  /** The position of the first event. */
  from: number;
}

/** A webhook that was deleted. */
export interface DeletedWebhook {
  /** As in its path. */
  id: string;
  /** Permanent. */
  status: "deleted";
  /** Of the deletion in the log. */
  position: number;
}

/** The outcome of a test. */
export interface WebhookTest {
  /** Whether the receiver accepted it. */
  delivered: boolean;
  /** Of the event: its `webhook-id`. */
  event_id: string;
  /** Of the answer, if there was one. */
  status?: number;
  /** The error, if it was not delivered. */
  error?: string;
}

/** The body that joins the line. */
export interface NewVisitor {
  /** The visitor's holder; with a token, its `sub`. */
  holder?: string;
}

/** The place of a visitor. */
export interface Visit {
  /** The id to poll with. Anybody who knows it has the place. */
  visitor: string;
  /** The number by arrival. */
  ticket: number;
  /** `left`: gave up the place or the pass, or used the pass. `expired`: no heartbeat for too long, or the pass has run out. */
  status: "waiting" | "admitted" | "left" | "expired";
  /** While waiting: the place in line, 1 for the next. `null` before a shuffled opening is drawn. */
  position?: number | null;
  /** While waiting: an estimate by the rate of the last minute. `null` while nobody is admitted. */
  eta_seconds?: number | null;
  /** The delay before the next poll, as `Retry-After`. */
  poll_after_seconds?: number;
  /** For the header `Admission-Pass`, if you are `admitted`. */
  pass?: string;
  /** The last moment of the pass. */
  expires_at?: string;
}

/** Data of a `snapshot` frame of a performance. */
export interface PerformanceSnapshot {
  /** As in openapi.yaml. */
  topic: string;
  /** The log's identity. */
  epoch: string;
  /** As in openapi.yaml. */
  position: number;
  /** As in openapi.yaml. */
  id: string;
  /** As in openapi.yaml. */
  title: string;
  /** As in openapi.yaml. */
  venue: string;
  /** As in openapi.yaml. */
  starts_at: string;
  /** The waiting room that guards it, if any. */
  waiting_room?: string;
  /** The first moment of its sale, if set. */
  opens_at?: string;
  /** The first moment after its sale, if set. */
  closes_at?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** The seating plan, if one defines the seats. */
  plan?: string;
  /** By category of the plan */
  prices?: Record<string, unknown>;
  /** As in openapi.yaml. */
  capacity: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  blocked: number;
  /** If there are any; in a delta, the changed ones. */
  areas?: Area[];
  /** As in openapi.yaml. */
  sections: ({
    /** As in openapi.yaml. */
    id: string;
    /** As in openapi.yaml. */
    name: string;
    /** As in openapi.yaml. */
    price?: number;
    /** As in openapi.yaml. */
    capacity: number;
    /** As in openapi.yaml. */
    remaining: number;
    /** As in openapi.yaml. */
    held: number;
    /** As in openapi.yaml. */
    booked: number;
    /** As in openapi.yaml. */
    blocked: number;
  })[];
}

/** Data of a `delta` frame of a performance. */
export interface PerformanceDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** The position of the previous frame. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  blocked: number;
  /** The change of `remaining`. */
  change: number;
  /** As in openapi.yaml. */
  cause: "held" | "booked" | "released" | "expired" | "blocked" | "unblocked" | "opened" | "closed" | "edited" | "resized" | "cancelled" | "mixed" | "unchanged";
  /** After an edit only. */
  title?: string;
  /** After an edit only. */
  venue?: string;
  /** After an edit only. */
  starts_at?: string;
  /** After an edit only, if a waiting room guards it. */
  waiting_room?: string;
  /** After an edit only, if set. */
  opens_at?: string;
  /** After an edit only, if set. */
  closes_at?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** After an edit only, by category of the plan */
  prices?: Record<string, unknown>;
  /** If there are any; in a delta, the changed ones. */
  areas?: Area[];
  /** The sections whose counts have changed; after an edit all of them. */
  sections: ({
    /** As in openapi.yaml. */
    id: string;
    /** After an edit only. */
    price?: number;
    /** As in openapi.yaml. */
    remaining: number;
    /** As in openapi.yaml. */
    held: number;
    /** As in openapi.yaml. */
    booked: number;
    /** As in openapi.yaml. */
    blocked: number;
  })[];
}

/** Data of a `snapshot` frame of a performance's seats. */
export interface SeatsSnapshot {
  /** As in openapi.yaml. */
  topic: string;
  /** The log's identity. */
  epoch: string;
  /** As in openapi.yaml. */
  position: number;
  /** The seating plan, if one defines the seats: rows and seats follow its order, which has their names. */
  plan?: string;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  blocked: number;
  /** As in openapi.yaml. */
  sections: ({
    /** As in openapi.yaml. */
    id: string;
    /** From the front: a string for each row, and in it a letter for each seat, from number 1. f is free, h held, b booked, x blocked. */
    rows: string[];
  })[];
}

/** Data of a `delta` frame of a performance's seats. */
export interface SeatsDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** The position of the previous frame. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  blocked: number;
  /** The change of `remaining`. */
  change: number;
  /** As in openapi.yaml. */
  cause: "held" | "booked" | "released" | "expired" | "blocked" | "unblocked" | "opened" | "closed" | "edited" | "cancelled" | "mixed" | "unchanged";
  /** The changed seats by name, with their new statuses. */
  seats: Record<string, "free" | "held" | "booked" | "blocked">;
}

/** Data of a `snapshot` frame of a waiting room, with the members of the resource. */
export interface RoomSnapshot {
  /** As in openapi.yaml. */
  topic: string;
  /** The log's identity. */
  epoch: string;
  /** As in openapi.yaml. */
  position: number;
  /** As in openapi.yaml. */
  id: string;
  /** As in openapi.yaml. */
  admit_per_second: number;
  /** As in openapi.yaml. */
  max_active: number;
  /** As in openapi.yaml. */
  active_seconds: number;
  /** As in openapi.yaml. */
  heartbeat_seconds: number;
  /** As in openapi.yaml. */
  status: RoomStatus;
  /** As in openapi.yaml. */
  order: RoomOrder;
  /** As in openapi.yaml. */
  opens_at?: string;
  /** As in openapi.yaml. */
  seed_hash?: string;
  /** As in openapi.yaml. */
  seed?: string;
  /** As in openapi.yaml. */
  early?: number;
  /** As in openapi.yaml. */
  waiting: number;
  /** As in openapi.yaml. */
  active: number;
  /** As in openapi.yaml. */
  admitted: number;
  /** As in openapi.yaml. */
  joined: number;
  /** Counts the settings. */
  revision: number;
}

/** Data of a `delta` frame of a waiting room. */
export interface RoomDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** The position of the previous frame. */
  previous: number;
  /** As in openapi.yaml. */
  cause: "edited" | "joined" | "admitted" | "left" | "dropped" | "expired" | "finished" | "begun" | "shuffled" | "taken_over" | "mixed" | "unchanged";
  /** As in openapi.yaml. */
  admit_per_second: number;
  /** As in openapi.yaml. */
  max_active: number;
  /** As in openapi.yaml. */
  active_seconds: number;
  /** As in openapi.yaml. */
  heartbeat_seconds: number;
  /** As in openapi.yaml. */
  status: RoomStatus;
  /** As in openapi.yaml. */
  order: RoomOrder;
  /** As in openapi.yaml. */
  opens_at?: string;
  /** As in openapi.yaml. */
  seed_hash?: string;
  /** As in openapi.yaml. */
  seed?: string;
  /** As in openapi.yaml. */
  early?: number;
  /** As in openapi.yaml. */
  waiting: number;
  /** As in openapi.yaml. */
  active: number;
  /** As in openapi.yaml. */
  admitted: number;
  /** As in openapi.yaml. */
  joined: number;
  /** Counts the settings. */
  revision: number;
}

/** Data of a `visit` frame, with the members of `Visit` and the room. */
export interface VisitFrame {
  /** As in openapi.yaml. */
  room: string;
  /** As in openapi.yaml. */
  visitor: string;
  /** As in openapi.yaml. */
  ticket: number;
  /** As in openapi.yaml. */
  status: "waiting" | "admitted" | "left" | "expired";
  /** As in openapi.yaml. */
  position?: number | null;
  /** As in openapi.yaml. */
  eta_seconds?: number | null;
  /** The delay before the server's next look. */
  poll_after_seconds?: number;
  /** As in openapi.yaml. */
  pass?: string;
  /** As in openapi.yaml. */
  expires_at?: string;
}

/** Data of an `error` frame. */
export interface SocketError {
  /** As in openapi.yaml. */
  code: Code;
  /** As in openapi.yaml. */
  detail: string;
  /** The topic, if it is about one. */
  topic?: string;
}

/** As in openapi.yaml. */
export interface Health {
  /** As in openapi.yaml. */
  status: string;
}

/** As in openapi.yaml. */
export interface Readiness {
  /** As in openapi.yaml. */
  status: string;
  /** The number of events by which the read side lags. */
  lag: number;
  /** The position of the read side. */
  position: number;
  /** The log's identity. */
  epoch: string;
  /** The currency of all amounts by ISO 4217, or `assumed`. */
  currency: string;
  /** Its decimals; missing if it is `assumed`. */
  currency_digits?: number;
  /** Position up to which the log was checked against all rules; with `serve --prove` only. */
  proved?: number;
  /** This server has none of the keys of the log's waiting rooms; rooms, and the resources they guard, are answered with 503 `keys_differ`. Missing otherwise. */
  keys_differ?: boolean;
  /** Another server signs with a newer key than this one has; its passes are answered with 503 `keys_differ`. Missing otherwise. */
  keys_behind?: boolean;
}

/** As in openapi.yaml. */
export interface AreaLeft {
  /** Its id. */
  area: string;
  /** Places left. */
  remaining: number;
}

/** As in openapi.yaml. */
export interface SectionLeft {
  /** Its id. */
  section: string;
  /** Seats left. */
  remaining: number;
}

/** For programs; stable. */
export type Code = "already_confirmed" | "already_entered" | "already_exists" | "amount_mismatch" | "bad_cursor" | "bad_parameter" | "body_too_large" | "deadline_passed" | "forbidden" | "foreign_origin" | "hold_expired" | "idempotency_key_reused" | "insufficient_balance" | "internal" | "invalid_field" | "keys_differ" | "keys_unavailable" | "provider_unavailable" | "limit_exceeded" | "too_large" | "log_unavailable" | "malformed_json" | "method_not_allowed" | "not_found" | "not_held" | "not_open" | "overloaded" | "pass_invalid" | "pass_required" | "payment_in_progress" | "payment_reference_used" | "projection_behind" | "rate_limited" | "registration_closed" | "released" | "request_header_too_large" | "revision_required" | "room_closed" | "sale_closed" | "cancelled" | "cancellation_closed" | "seat_taken" | "shutting_down" | "draining" | "sold_out" | "stale_revision" | "tournament_full" | "unauthenticated" | "unknown_field" | "unsupported_media_type" | "upgrade_required";
