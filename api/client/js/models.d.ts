// Code generated from openapi.yaml by TestModels with -write-models. DO NOT EDIT.

/** The body of a batch. */
export interface Batch {
  /** In the order in which those about one entity are decided. */
  commands: BatchCommand[];
}

/** A command, as it would be sent alone. */
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
  /** The status that it would have alone. */
  status: number;
  /** The resource or the problem. */
  body: Record<string, unknown>;
}

/** Interchangeable units of something. */
export interface Product {
  /** Yours, or a UUIDv7. */
  id: string;
  /** What people read. */
  name: string;
  /** How many units there are. */
  stock: number;
  /** How many can still be had. */
  remaining: number;
  /** How many are on hold. */
  held: number;
  /** How many are confirmed. */
  sold: number;
  /** Of one unit, in minor units. */
  price: number;
  /** How many one holder may have; 0 is no limit. */
  limit_per_holder: number;
  /** How long a hold lasts. */
  hold_seconds: number;
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** The first moment of its sale, if it has one. */
  opens_at?: string;
  /** The first moment after its sale, if it has one. */
  closes_at?: string;
  /** Only if it was called off. */
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
  /** How many units there are. */
  stock: number;
  /** Of one unit, in minor units. */
  price?: number;
  /** The waiting room that is to guard it; empty is none. */
  waiting_room?: string;
  /** How many one holder may have; 0 is no limit. */
  limit_per_holder?: number;
  /** How long a hold lasts, up to 30 days. */
  hold_seconds?: number;
  /** The first moment of the sale; it may lie in the past. Left out: it is open at once. */
  opens_at?: string;
  /** The first moment after the sale, after `opens_at`. Left out: it does not close. */
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
  /** The waiting room that is to guard it; empty is none. */
  waiting_room?: string;
  /** How many one holder may have; 0 is no limit. */
  limit_per_holder?: number;
  /** The first moment of the sale; `null` takes it away. */
  opens_at?: string | null;
  /** The first moment after the sale; `null` takes it away. */
  closes_at?: string | null;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
}

/** Units of a product for a holder. */
export interface Reservation {
  /** The server's choice. */
  id: string;
  /** Whose units. */
  product_id: string;
  /** For whom. */
  holder: string;
  /** How many units. */
  quantity: number;
  /** As in openapi.yaml. */
  status: "held" | "confirmed" | "released" | "expired" | "cancelled";
  /** The deadline, if it has one: of a hold, and of one that expired. */
  expires_at?: string;
  /** How many units of the product were left. */
  remaining: number;
  /** How much of what was paid was not refunded when it was given back. */
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

/** The body that reserves. */
export interface NewReservation {
  /** For whom; see *Holders* above. With a token it may be left out, and only a service or an admin may name somebody else. */
  holder?: string;
  /** How many units. */
  quantity?: number;
  /** Hold it for a while instead of taking it at once. Left out: `false`; with the token of a holder or auditor `true` for what has a price. */
  hold?: boolean;
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
}

/** The shop's own number of the order: printable characters. Shown to the holder, to auditors, services and admins, and in no public list. It stays in the log for ever, so it is no place for how to reach a person. */
export type Reference = string;

/** What the shop wants to keep with the order: up to 16 names and strings, of 1024 bytes together. As public and as permanent as the reference. */
export type Metadata = Record<string, string>;

/** The body that changes order data. What is left out stays; `null` takes it away; `metadata` replaces all of it. */
export interface OrderEdit {
  /** The shop's own number of the order. */
  reference?: string | null;
  /** What else it keeps with the order. */
  metadata?: Record<string, string> | null;
}

/** How to reach the holder, at least one of the three. It is kept outside the log, sealed under a key of the holder's own, and shown to the holder, to auditors, services and admins. It stands in no answer to a command. An entry's contact belongs to who entered; in open mode, to the first team. */
export interface Contact {
  /** A person's name. */
  name?: string;
  /** An address with an @. */
  email?: string;
  /** A telephone number. */
  phone?: string;
}

/** What became of the wish to be forgotten. */
export interface Forgotten {
  /** Who. */
  holder: string;
  /** There was a key, and it is destroyed. False if there was none, on a server that shares its log with no other. */
  forgotten: boolean;
  /** Nodes that are still to do it, if there are any. */
  pending?: string[];
}

/** The body that makes a key. */
export interface NewAPIKey {
  /** Whose it is; several keys may share a name. */
  name: string;
  /** As in openapi.yaml. */
  role: "auditor" | "service" | "door" | "admin";
  /** When it ends by itself; never, if left out. */
  expires_at?: string;
}

/** What is known about a key. The key itself is shown when it is made and never again. */
export interface APIKey {
  /** A UUIDv7. */
  id: string;
  /** Whose it is. */
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
  /** Whose it is. */
  name: string;
  /** As in openapi.yaml. */
  role: "auditor" | "service" | "door" | "admin";
  /** What the program sends; shown now, and never again. */
  key: string;
  /** As in openapi.yaml. */
  expires_at?: string;
  /** As in openapi.yaml. */
  revision: number;
  /** As in openapi.yaml. */
  position: number;
}

/** Who enters tournaments. */
export interface Team {
  /** Yours, or a UUIDv7. */
  id: string;
  /** What people read. */
  name: string;
  /** Of the last change, from 0; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** The body that makes a team. */
export interface NewTeam {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** 1 to 200 characters. */
  name: string;
  /** Whose it is. With a token it may be left out, and only a service or an admin may name somebody else. */
  holder?: string;
}

/** Slots that teams sign up for, first come, first served. */
export interface Tournament {
  /** Yours, or a UUIDv7. */
  id: string;
  /** What people read. */
  name: string;
  /** How many slots there are. */
  team_limit: number;
  /** How many teams have one. */
  entered: number;
  /** How many slots are free. */
  remaining: number;
  /** How many teams wait for one. */
  waitlisted: number;
  /** The last moment at which a team can enter. */
  register_deadline: string;
  /** `cancelled`: it was called off. Closed by the organiser, or because the deadline has passed. A full tournament is open: a withdrawal makes room. */
  status: "open" | "closed" | "cancelled";
  /** Whether teams may wait for a slot. */
  waitlist: boolean;
  /** As in openapi.yaml. */
  waitlist_rule: WaitlistRule;
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** The first moment at which a team can enter, if it has one. */
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

/** Who comes in when the first of the waitlist is a group that needs more slots than are free: nobody (`strict`), or the first behind it that fits (`fill`). */
export type WaitlistRule = "strict" | "fill";

/** The body that opens a tournament. */
export interface NewTournament {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** 1 to 200 characters. */
  name: string;
  /** How many slots there are. */
  team_limit: number;
  /** The waiting room that is to guard it; empty is none. */
  waiting_room?: string;
  /** The last moment at which a team can enter, in the years 1970 to 9999. */
  register_deadline: string;
  /** The first moment at which a team can enter; it may lie in the past. Left out: at once. */
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
  /** The waiting room that is to guard it; empty is none. */
  waiting_room?: string;
  /** The last moment at which a team can enter. */
  register_deadline?: string;
  /** The organiser's switch. */
  status?: "open" | "closed";
  /** The first moment at which a team can enter; `null` takes it away. */
  opens_at?: string | null;
}

/** The body that enters a team or a group. One of the two. */
export interface NewEntry {
  /** The team. */
  team_id?: string;
  /** Who enters them, and whose pass it takes; with a token, its `sub`, without one and without this, the (first) team. */
  holder?: string;
  /** The teams of a group, each once. All of them come in, or none. */
  team_ids?: string[];
  /** As in openapi.yaml. */
  reference?: Reference;
  /** As in openapi.yaml. */
  metadata?: Metadata;
  /** As in openapi.yaml. */
  contact?: Contact;
}

/** What became of an entry or a withdrawal, and the tournament after it. */
export interface Entered {
  /** Of one team. */
  team_id?: string;
  /** Of a group, in order. */
  team_ids?: string[];
  /** Of which tournament. */
  tournament_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
  /** On the waitlist, if it waits; of a group, that of its first team. */
  place?: number;
  /** After a withdrawal: the teams that came in by it, in order. */
  promoted?: string[];
  /** How many teams have a slot. */
  entered: number;
  /** How many slots are free. */
  remaining: number;
  /** How many teams wait. */
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
  /** Of which tournament. */
  tournament_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
  /** On the waitlist, from 1, if it waits. */
  place?: number;
  /** The same number for teams that wait together. */
  group?: number;
  /** When it came to where it is. */
  since: string;
  /** Of one entry that of the tournament, also the `ETag`; in a list that of the event that put the team there. */
  revision: number;
  /** The same in the log. */
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

/** `entered`: has a slot. `waitlisted`: waits for one. `withdrawn`: neither. `cancelled`: the tournament was called off. */
export type EntryStatus = "entered" | "waitlisted" | "withdrawn" | "cancelled";

/** The body that stores a seating plan. */
export interface NewPlan {
  /** Your choice: 1 to 64 of A-Z a-z 0-9 _ and -. */
  id?: string;
  /** Of the hall: 1 to 200 characters. */
  name: string;
  /** The parts of the hall. */
  zones: PlanZone[];
  /** Of seats and places; each has one price list. */
  categories: PlanCategory[];
  /** As in openapi.yaml. */
  size: PlanSize;
  /** As in openapi.yaml. */
  focal_point?: PlanPoint;
}

/** A seating plan: what it was given with. With `format=pretix` it has neither `id` nor the members after `categories` but `size`. */
export interface Plan {
  /** Yours, or a UUIDv7. */
  id?: string;
  /** Of the hall: 1 to 200 characters. */
  name: string;
  /** The parts of the hall. */
  zones: PlanZone[];
  /** Of seats and places; each has one price list. */
  categories: PlanCategory[];
  /** As in openapi.yaml. */
  size: PlanSize;
  /** As in openapi.yaml. */
  focal_point?: PlanPoint;
  /** How many numbered seats it has. */
  seats?: number;
  /** How many places its areas for sale have together. */
  places?: number;
  /** Also the `ETag`. */
  revision?: number;
  /** Of its seal in the log. */
  position?: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** What lists show of a seating plan. */
export interface PlanSummary {
  /** Yours, or a UUIDv7. */
  id: string;
  /** Of the hall. */
  name: string;
  /** How many numbered seats it has. */
  seats: number;
  /** How many places its areas for sale have together. */
  places: number;
  /** Also the `ETag`. */
  revision: number;
  /** Of its seal in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** A place; y grows downwards. Left out, it is 0,0; the `focal_point`, which everybody came to see, is then the middle of the top edge. */
export interface PlanPoint {
  /** To the right. */
  x: number;
  /** Downwards. */
  y: number;
}

/** Of the drawing, or of a rectangle in it. */
export interface PlanSize {
  /** As in openapi.yaml. */
  width: number;
  /** As in openapi.yaml. */
  height: number;
}

/** A category of seats and places. */
export interface PlanCategory {
  /** Prices are of it. */
  name: string;
  /** `#rrggbb`; any other is drawn grey. */
  color?: string;
}

/** A part of the hall. */
export interface PlanZone {
  /** What people read, and what its seats are named by if it has no `zone_id`. */
  name?: string;
  /** What its seats are named by. */
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
  /** It is ignored. */
  row_guid?: string;
  /** `start`, `end` or `both`. */
  row_number_position?: string | null;
  /** As in openapi.yaml. */
  position?: PlanPoint;
  /** Those next to each other here are neighbours. */
  seats: PlanSeat[];
}

/** A seat. */
export interface PlanSeat {
  /** Once in the plan. */
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
  /** One of the plan's. */
  category: string;
  /** A place for a wheelchair. */
  accessible?: boolean;
  /** The `seat_guid` of the seat whose companion sits here. */
  companion_of?: string;
  /** It sees a part of the stage only. */
  restricted_view?: boolean;
}

/** A shape that is drawn and, with a `capacity` and a `category`, standing room for sale. */
export interface PlanArea {
  /** What it is named by, once in the plan. */
  id?: string;
  /** How many places it has. */
  capacity?: number;
  /** One of the plan's. */
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

/** A text that is drawn. */
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
  /** Yours, or a UUIDv7. */
  id: string;
  /** What is given. */
  title: string;
  /** Where. */
  venue: string;
  /** When. */
  starts_at: string;
  /** How long a booking may stay unpaid. */
  hold_seconds: number;
  /** How many seats one holder may have; 0 is no limit. */
  limit_per_holder: number;
  /** The room that guards the sale, if one does. */
  waiting_room?: string;
  /** How many seats there are. */
  capacity: number;
  /** How many can be had. */
  remaining: number;
  /** How many are on hold. */
  held: number;
  /** How many are booked. */
  booked: number;
  /** How many are off sale. */
  blocked: number;
  /** In canonical order. */
  sections: Section[];
  /** Those of its plan that have places without numbers, in the plan's order; the counts beside it are of seats alone. */
  areas?: Area[];
  /** The seating plan, if one defines the seats. */
  plan?: string;
  /** In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which seats are listed at the first. */
  prices?: Record<string, unknown>;
  /** The first moment of its sale, if it has one. */
  opens_at?: string;
  /** The first moment after its sale, if it has one. */
  closes_at?: string;
  /** As in openapi.yaml. */
  cancellation?: Cancellation;
  /** Only if it was called off. */
  status?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** For `If-Match`, in quotes: it changes with edits alone. */
  edit_tag: string;
  /** It changes with the performance and with every seat of it; also the `ETag`. */
  revision: number;
  /** Of the last change in the log, of a seat too. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** Places without numbers; always `capacity` = `remaining` + `held` + `booked` + `blocked`. */
export interface Area {
  /** Its id in the plan. */
  area: string;
  /** How many places there are. */
  capacity: number;
  /** How many can be had. */
  remaining: number;
  /** How many are on hold. */
  held: number;
  /** How many are booked. */
  booked: number;
  /** How many are kept for labels; left out if none are. */
  blocked?: number;
}

/** Rows of seats: at one price, or a zone of a plan, which has neither `seats_per_row` nor `price`. */
export interface Section {
  /** The first part of its seats' names. */
  id: string;
  /** What people read. */
  name: string;
  /** How many rows; row 1 is in front. */
  rows: number;
  /** How many seats in each. */
  seats_per_row?: number;
  /** Of one seat, in minor units. */
  price?: number;
  /** How many seats there are. */
  capacity: number;
  /** How many can be had. */
  remaining: number;
  /** How many are on hold. */
  held: number;
  /** How many are booked. */
  booked: number;
  /** How many are off sale. */
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
  /** When it begins. */
  starts_at: string;
  /** How long a booking may stay unpaid, up to 30 days. */
  hold_seconds?: number;
  /** How many seats one holder may have; 0 is no limit. */
  limit_per_holder?: number;
  /** The room that guards the sale. */
  waiting_room?: string;
  /** Up to 100,000 seats together. This, or a plan. */
  sections?: NewSection[];
  /** The seating plan that has the seats, in place of sections. */
  plan?: string;
  /** In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which seats are listed at the first. Each category in use needs one. */
  prices?: Record<string, unknown>;
  /** The first moment of the sale; it may lie in the past. Left out or `null`: it is open at once. */
  opens_at?: string | null;
  /** The first moment after the sale, after `opens_at`. Left out: `starts_at`, wherever that is moved; `null`: it does not close. */
  closes_at?: string | null;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
}

/** The rule for giving back what is paid. On a performance or a product: the one that it states, for what is held from now on; a product without it: in full, without end. On a booking: the one that it was held on; without it, it can be given back without end. */
export interface Cancellation {
  /** The first moment at which it can be given back no more; of a performance without it, and at the latest, when the show starts. */
  until?: string;
  /** How much of each price is refunded, rounded up; the rest is kept. */
  refund_percent: number;
}

/** The rule for giving back what is paid. `null`, and left out of a new performance or product: in full, until the show starts or without end. */
export interface NewCancellation {
  /** The first moment at which it can be given back no more; it counts until a show starts at most. */
  until: string;
  /** How much of each price is refunded, rounded up; the rest is kept. */
  refund_percent: number;
}

/** The body that edits a performance. */
export interface PerformanceEdit {
  /** 1 to 200 characters. */
  title?: string;
  /** 1 to 200 characters. */
  venue?: string;
  /** When it begins. */
  starts_at?: string;
  /** How long a booking may stay unpaid that is made from now on. */
  hold_seconds?: number;
  /** How many seats one holder may have; 0 is no limit. */
  limit_per_holder?: number;
  /** The first moment of the sale; `null` takes it away. */
  opens_at?: string | null;
  /** The first moment after the sale; `null` takes it away, and the time of `starts_at` closes it there, wherever that is moved. */
  closes_at?: string | null;
  /** In minor units; the others stay. By section a number; by category of a plan a number, or a list of `{"type", "amount", "restricted"?}`, of which seats are listed at the first. */
  prices?: Record<string, unknown>;
  /** As in openapi.yaml. */
  cancellation?: NewCancellation;
  /** How many places areas of the plan are to have, by their ids, at most as many as the plan says; the others stay. */
  areas?: Record<string, number>;
}

/** A price of a category, for those who are of the type. */
export interface PriceType {
  /** Such as adult. */
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
  /** What people read; else the id. */
  name?: string;
  /** How many rows. */
  rows: number;
  /** How many seats in each. */
  seats_per_row: number;
  /** Of one seat, in minor units. */
  price: number;
}

/** Where a seat stands. */
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
  /** When it was written, the time that `?at=` goes by. */
  recorded: string;
  /** Its name: section, row and number. */
  seat: string;
  /** As in openapi.yaml. */
  was: SeatStatus;
  /** As in openapi.yaml. */
  status: SeatStatus;
}

/** A seat. One that nobody ever touched has no revision and no position. */
export interface Seat {
  /** Of which performance. */
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

/** The body that books: `seats`, `areas` or both, or `best_available`. */
export interface NewBooking {
  /** For whom; see *Holders* above. With a token it may be left out, and only a service or an admin may name somebody else. */
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

/** What blocked seats and places are kept for: 1 to 64 printable characters. In a booking: its seats may be among `seats`, and of `areas` its places are taken first; only a service or an admin may name one. */
export type BlockLabel = string;

/** The body that blocks: `seats` or `rows`, `areas`, or both. */
export interface NewBlock {
  /** By name. */
  seats?: string[];
  /** Whole rows, by section and number, as in A-12. */
  rows?: string[];
  /** How many places of which areas the label is to keep, by the ids of the areas. */
  areas?: Record<string, number>;
  /** As in openapi.yaml. */
  label: BlockLabel;
}

/** The seats and places of a request that blocks or unblocks. */
export interface Block {
  /** Whose seats. */
  performance_id: string;
  /** As in openapi.yaml. */
  label: BlockLabel;
  /** By name, in canonical order. */
  seats: string[];
  /** How many places of which areas: those that the label is to keep, or those that are on sale again. */
  areas: Record<string, number>;
  /** Of the log behind the change. */
  position: number;
}

/** What is blocked, by label. */
export type ListedBlocks = ListedBlock[];

/** What is blocked under a label. */
export interface ListedBlock {
  /** Empty for seats that are on sale to nobody. */
  label: string;
  /** By name, in canonical order. */
  seats: string[];
  /** How many places of which areas are blocked now. */
  areas: Record<string, number>;
}

/** A seat at one of the price types of its category. Restricted ones need `service` or `admin` (403 `forbidden`). */
export interface TypedSeat {
  /** Its name. */
  seat: string;
  /** Such as student. */
  price_type?: string;
}

/** Places of an area at one of the price types of its category, each type once. Restricted ones need `service` or `admin` (403 `forbidden`). */
export interface TypedPlaces {
  /** Such as student; left out, the first that is not restricted. */
  price_type?: string;
  /** How many places. */
  quantity: number;
}

/** What is paid for one seat, or for the places of one area at one price. */
export interface BookingLine {
  /** Its name, if it is a seat. */
  seat?: string;
  /** Its id, if it is places of an area. */
  area?: string;
  /** Of its category, if that has several. */
  price_type?: string;
  /** As in openapi.yaml. */
  quantity: number;
  /** Of one, as it was held, in minor units. */
  price: number;
  /** The numbers of the places of the area in this booking, which they keep. */
  places?: number[];
}

/** The best seats left. In a plan: together in one row without a gap if it can, then no single seat left alone, then near the focal point. */
export interface BestAvailable {
  /** Only of this section. */
  section?: string;
  /** Only of this zone of the plan, which is a section of the performance. */
  zone?: string;
  /** Only of this category of the plan. */
  category?: string;
  /** One of them is to be a place for a wheelchair; a companion's seat comes only with the place it belongs to. Otherwise no such seats are chosen. Needs a plan. */
  accessible?: boolean;
  /** How many. */
  quantity: number;
  /** How many of which price type, as in {"adult": 2, "student": 1}: together `quantity`. Only categories that have all of them will do. Restricted ones need `service` or `admin` (403 `forbidden`). */
  price_types?: Record<string, number>;
}

/** Seats and places of a performance for a holder. */
export interface Booking {
  /** The server's choice. */
  id: string;
  /** Whose seats. */
  performance_id: string;
  /** For whom. */
  holder: string;
  /** By name, in canonical order, but those that were given back one by one. */
  seats: string[];
  /** How many places of which areas, but those that were given back one by one; left out if there are none. */
  areas?: Record<string, number>;
  /** The seats that were given back one by one, in that order. */
  returned?: string[];
  /** What `seats` cost, in their order, and behind them the places of areas. */
  lines: BookingLine[];
  /** What all seats and places cost together as they were held, in minor units. */
  amount: number;
  /** `paying`: a payment is under way, and no deadline ends it. `cancelled`: its performance was called off. */
  status: "held" | "awaiting_payment" | "paying" | "booked" | "released" | "expired" | "cancelled";
  /** The last moment at which a payment is in time. */
  expires_at: string;
  /** It was held for longer. */
  extended: boolean;
  /** As in openapi.yaml. */
  cancellation?: Cancellation;
  /** How much of what was paid was not refunded of what was given back. */
  kept?: number;
  /** While it is `awaiting_payment`: what it waits for; `expires_at` is until when. */
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

/** That it was called off. */
export interface Cancelled {
  /** Why. */
  reason: string;
  /** When. */
  at: string;
  /** Of that in the log: what is sold behind it is ended all the same. */
  position: number;
}

/** The body that calls something off. */
export interface NewCallOff {
  /** Why, for people: 1 to 200 printable characters. */
  reason: string;
}

/** What the call-off of something ends, or would end. */
export interface CallOff {
  /** Of what kind it is. */
  of: "performance" | "product" | "tournament";
  /** Its id. */
  id: string;
  /** `planned`: it was not called off; `running`: something of before is left; `done`: what is still sold by a server that has not heard of it is ended as it is found. */
  status: "planned" | "running" | "done";
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** What has gone wrong, while it is tried again. */
  failing?: string;
  /** How many holders are affected. */
  holders: number;
  /** How many bookings, reservations or entries are affected. */
  count: number;
  /** How many seats, units or teams. */
  quantity: number;
  /** How many of the affected have paid nothing, or are being paid. */
  unpaid: number;
  /** How many of them are refunded. */
  paid: number;
  /** How many of them are not ended yet. */
  left: number;
  /** What is refunded in all, by the way it was paid: to wallets at once, from outside it is owed until it is settled. */
  refunds: CallOffRefund[];
  /** The page of them. */
  affected: CallOffItem[];
  /** The cursor of the next page, or null. */
  next: string | null;
  /** Of the log up to which all is counted. */
  position: number;
}

/** What is refunded by one way. */
export interface CallOffRefund {
  /** How it was paid. */
  method: "wallet" | "external";
  /** Who took the money from outside. */
  provider?: string;
  /** How many are refunded. */
  count: number;
  /** Together, in minor units. */
  amount: number;
  /** By ISO 4217. */
  currency: string;
}

/** One that is ended. */
export interface CallOffItem {
  /** Of the booking, the reservation or the team. */
  id: string;
  /** Whose. */
  holder?: string;
  /** As it is: `cancelled` once it is ended. */
  status: string;
  /** How many seats, units or teams. */
  quantity: number;
  /** What is refunded, in minor units. */
  refund: number;
  /** How it was paid, if anything is refunded. */
  method?: "wallet" | "external";
  /** Who took the money from outside. */
  provider?: string;
}

/** What was sold of something, and for how much. */
export interface Report {
  /** Of what. */
  id: string;
  /** Units, seats or teams that are sold now. */
  sold: number;
  /** Held or being paid. */
  held: number;
  /** Sold before, and given back. */
  given_back: number;
  /** Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`. */
  received: number;
  /** Received for what is not decided yet. */
  open: number;
  /** Received for what is sold now. */
  booked: number;
  /** Received for what was given back, and not to be refunded. */
  kept: number;
  /** Given back. */
  refunded: number;
  /** To be given back. */
  owed: number;
  /** The same by section, for a performance, but for money that has paid for nothing (wrong, late or double). */
  sections: SectionReport[];
  /** The same by category and price type, for a performance in a plan: those of which something is or was sold or held. */
  categories?: CategoryReport[];
  /** What came in other currencies than the log's; it is not in the sums. */
  foreign?: ForeignMoney[];
  /** Of the log up to which all is counted. */
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
  /** Given back. */
  refunded: number;
  /** To be given back. */
  owed: number;
}

/** The part of one section. */
export interface SectionReport {
  /** Its id. */
  section: string;
  /** Units, seats or teams that are sold now. */
  sold: number;
  /** Held or being paid. */
  held: number;
  /** Sold before, and given back. */
  given_back: number;
  /** Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`. */
  received: number;
  /** Received for what is not decided yet. */
  open: number;
  /** Received for what is sold now. */
  booked: number;
  /** Received for what was given back, and not to be refunded. */
  kept: number;
  /** Given back. */
  refunded: number;
  /** To be given back. */
  owed: number;
}

/** The part of one price type of one category. */
export interface CategoryReport {
  /** Of the plan. */
  category: string;
  /** If the category has several prices. */
  price_type?: string;
  /** Units, seats or teams that are sold now. */
  sold: number;
  /** Held or being paid. */
  held: number;
  /** Sold before, and given back. */
  given_back: number;
  /** Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`. */
  received: number;
  /** Received for what is not decided yet. */
  open: number;
  /** Received for what is sold now. */
  booked: number;
  /** Received for what was given back, and not to be refunded. */
  kept: number;
  /** Given back. */
  refunded: number;
  /** To be given back. */
  owed: number;
}

/** What became of the money that was reported; only in the answer to that. */
export type Outcome = "booked" | "refund_owed";

/** What is owed of it, in `/v1/refunds`. */
export type RefundID = string;

/** Empty to pay a booking from the wallet, or to confirm a reservation without money; else money that came in outside. Then all but `final` is needed. */
export interface NewPayment {
  /** As in openapi.yaml. */
  method?: string;
  /** Who took the money. */
  provider?: string;
  /** The payment's name there; one is one payment for one thing. */
  reference?: string;
  /** What came in, in minor units. */
  amount?: number;
  /** By ISO 4217. */
  currency?: string;
  /** A wrong sum is received too. */
  final?: boolean;
}

/** The body that has a booking wait for money. */
export interface NewIntent {
  /** Who takes it. */
  provider: string;
  /** How long it waits. */
  seconds?: number;
}

/** The body that asks for a provider's page. */
export interface NewCheckout {
  /** Where the page sends the holder who has paid. */
  success_url: string;
  /** Where it sends the holder who has not. */
  cancel_url: string;
}

/** A provider's page on which a booking is paid. */
export interface Checkout {
  /** Where it is. */
  url: string;
  /** When nobody can pay there any more. */
  expires_at: string;
  /** Of the last event of the booking in the log. */
  position: number;
}

/** An event as Stripe sends it, with whatever else it has. */
export interface StripeEvent {
  /** Stripe's id of it. */
  id?: string;
  /** What has happened. */
  type?: string;
}

/** What is or was owed of money from outside because of one fact. */
export interface Refund {
  /** As in openapi.yaml. */
  id: RefundID;
  /** Whether it was paid back. */
  status: "owed" | "settled";
  /** In minor units of `currency`. */
  amount: number;
  /** That of the payment. */
  currency: string;
  /** Who took the money. */
  provider: string;
  /** The payment's name there. */
  reference: string;
  /** What it was for. */
  booking_id?: string;
  /** What it was for. */
  product_id?: string;
  /** What it was for. */
  reservation_id?: string;
  /** Why it is owed. */
  cause: "late" | "already_paid" | "released" | "seat_returned" | "cancelled" | "wrong_sum";
  /** The reference under which it was paid back. */
  settlement?: string;
  /** `asked`: the provider is asked to pay it back (`serve --stripe-refunds`), and until it has said what came of that the refund can't be settled otherwise. Else why the provider has not paid it, or has taken it back: it is owed, and not asked for again. `other_refund`: the payment has refunds there that the log does not know. */
  at_provider?: "asked" | "failed" | "canceled" | "refused" | "other_refund" | "reference_used";
  /** Of the payment at the last change of the refund; also the `ETag`. */
  revision: number;
  /** Of that change in the log. */
  position: number;
}

/** The body that settles a refund. */
export interface NewSettlement {
  /** The provider's name for what was paid back. */
  reference: string;
}

/** The body that charges a wallet. */
export interface NewCharge {
  /** In minor units. */
  amount: number;
}

/** Money of a holder. */
export interface Wallet {
  /** Whose. */
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

/** Money that went in or out. */
export interface WalletEntry {
  /** Of the charge or the payment. */
  id: string;
  /** As in openapi.yaml. */
  kind: "charged" | "debited" | "refunded";
  /** How much, in minor units. */
  amount: number;
  /** What was there after it. */
  balance: number;
  /** The booking that was paid or given back, if it was one. */
  booking_id?: string;
  /** When. */
  time: string;
  /** Of the wallet after it. */
  revision: number;
  /** In the log. */
  position: number;
}

/** The moment of the past that an answer shows. */
export interface AsOf {
  /** The last position that is contained. */
  position: number;
  /** The time asked for, or that of the position. */
  time: string;
}

/** A recorded fact as a CloudEvent 1.0. `position` and `revision` may be larger than 31 bits. What somebody else wrote to the log has `data_base64` and `metadatabase64` instead of `data` and what our metadata say. */
export interface Event {
  /** As in openapi.yaml. */
  specversion: string;
  /** As in openapi.yaml. */
  id: string;
  /** The path of the stream. */
  source: string;
  /** The fact's frozen name, such as `product.reserved.v1`. */
  type: string;
  /** The id of what it is about. */
  subject?: string;
  /** When it was decided. */
  time?: string;
  /** As in openapi.yaml. */
  datacontenttype: "application/json" | "application/octet-stream";
  /** Such as `product-tee`. */
  stream: string;
  /** Place in the stream, from 0. */
  revision: number;
  /** Place in the log, from 1. */
  position: number;
  /** When it was stored. */
  recorded: string;
  /** The command that caused it. */
  commandid?: string;
  /** The request it goes back to. */
  correlationid?: string;
  /** What caused the command. */
  causationid?: string;
  /** Who asked. */
  actor?: string;
  /** Chains it to the event before, in hex. */
  hash?: string;
  /** The fact. */
  data?: Record<string, unknown>;
  /** Metadata that are not ours. */
  metadatabase64?: string;
  /** Data that are not ours. */
  data_base64?: string;
  /** The name of the stream if it is no text. */
  streambase64?: string;
  /** The type if it is no text. */
  typebase64?: string;
}

/** A signed head of the log. */
export interface LogHead {
  /** The log's identity. */
  epoch: string;
  /** How many events the log has. */
  size: number;
  /** Of the last of them. It is the same number, unless `counts` is `own`. */
  position: number;
  /** The root of the Merkle tree over them (RFC 6962), in base64. */
  root: string;
  /** The same as a signed note; this is what to keep. */
  note: string;
  /** The public half of the key that has signed it. */
  key: string;
  /** Which events `size` counts: `all`, as in a log in a directory, or this system's `own`, in the order of the log, as in an EventStoreDB that other programs may use too. */
  counts?: "all" | "own";
}

/** Shows that an event is in the log. */
export interface Receipt {
  /** As in openapi.yaml. */
  event: Event;
  /** The event's number among those that the head counts, where that is not its position. */
  ordinal?: number;
  /** The hashes that lead from the event to the root, in base64. */
  proof: string[];
  /** A signed note. */
  head: string;
}

/** One thing that happened. */
export interface HistoryLine {
  /** Place in the log. */
  position: number;
  /** When. */
  time: string;
  /** To what. */
  stream: string;
  /** Place in the stream. */
  revision: number;
  /** Who asked. */
  actor: string;
  /** With which request. */
  request_id: string;
  /** What made it happen: the request, the `command_id` of something else, `deadline` or, in a waiting room, `round`. */
  causation_id: string;
  /** The command that decided it: what that made happen elsewhere has it as `causation_id`. */
  command_id: string;
  /** The position of what made it happen, if that is in the log, too. */
  because?: number;
  /** What, in a sentence. */
  text: string;
  /** The other things that it names, each as `kind/id` of a history: what it caused or was caused by, and whose it is. */
  leads_to: string[];
}

/** A thing that has a history, below `/v1/history/{kind}/{id}`. */
export interface HistoryOf {
  /** Of the thing. */
  kind: "product" | "performance" | "tournament" | "waiting-room" | "team" | "booking";
  /** Of the thing. */
  id: string;
}

/** As in openapi.yaml. */
export interface Cluster {
  /** Whether the server is a node of a system of several. */
  clustered: boolean;
  /** The same at all nodes that agree on who serves, empty without nodes. */
  view: string;
  /** As in openapi.yaml. */
  nodes: Node[];
  /** As in openapi.yaml. */
  hops: Hops;
  /** Waiting rooms that the answering node knows, by their names. */
  rooms: NodeRoom[];
}

/** Requests since the start of the answering node that belong to another one. */
export interface Hops {
  /** Passed on to their owner and answered by it. */
  passed: number;
  /** Decided by the answering node, because their owner was not there. */
  decided_here: number;
  /** Passed on to the answering node, which is not their owner. */
  misplaced: number;
}

/** A waiting room, and who runs it. */
export interface NodeRoom {
  /** As in openapi.yaml. */
  id: string;
  /** The node that should run it, empty if none serves. */
  owner: string;
  /** Whether the answering node runs it. */
  runs_here: boolean;
  /** How often it has been taken over. */
  term: number;
}

/** As in openapi.yaml. */
export interface Node {
  /** The same after a restart. */
  name: string;
  /** One start of it. */
  run: string;
  /** Whether it is the node that answers. */
  self: boolean;
  /** As in openapi.yaml. */
  state: "joining" | "serving" | "cut" | "draining";
  /** Whether it shows no life and is passed over. */
  suspected: boolean;
  /** As in openapi.yaml. */
  version: string;
  /** When this start of it was. */
  since?: string;
  /** Up to which it has followed the log, 0 if it has not said. */
  position: number;
  /** Where it takes requests that other nodes pass on. */
  http: string;
  /** Nodes of different protocols pass nothing on to each other. */
  hop_protocol: number;
  /** About which part of everything it owns. */
  share: number;
  /** When it last showed life, null for the node itself. */
  heard_seconds_ago: number | null;
  /** By how much its clock is ahead. */
  clock_ahead_seconds: number;
}

/** A copy of the log. */
export interface Backup {
  /** Where it is on the server's machine. */
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
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** The first moment of its sale, if it has one. */
  opens_at?: string;
  /** The first moment after its sale, if it has one. */
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
  /** Position of the frame before. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** Of what remains. */
  change: number;
  /** As in openapi.yaml. */
  cause: "created" | "edited" | "reserved" | "held" | "confirmed" | "released" | "expired" | "opened" | "closed" | "cancelled" | "mixed" | "unchanged";
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** As in openapi.yaml. */
  revision: number;
  /** After an edit only. */
  name?: string;
  /** After an edit only. */
  stock?: number;
  /** After an edit only. */
  price?: number;
  /** After an edit only, if the sale has such a bound. */
  opens_at?: string;
  /** After an edit only, if the sale has such a bound. */
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
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** The first moment at which a team can enter, if it has one. */
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
  /** Position of the frame before. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  entered: number;
  /** As in openapi.yaml. */
  waitlisted: number;
  /** Of what remains. */
  change: number;
  /** As in openapi.yaml. */
  cause: "created" | "edited" | "entered" | "waitlisted" | "promoted" | "withdrawn" | "opened" | "cancelled" | "mixed" | "unchanged";
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** After an edit only, if it has such a moment. */
  opens_at?: string;
  /** As in openapi.yaml. */
  revision: number;
  /** The teams that it moved, 32 at most. */
  teams?: TeamMoved[];
  /** Instead of `teams`: there were more. Read the entries. */
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
  /** Where it takes part, 100 at most. */
  entries: TeamEntry[];
  /** There are others. */
  more?: boolean;
}

/** Data of a `delta` frame of a team. */
export interface TeamDelta {
  /** As in openapi.yaml. */
  topic: string;
  /** As in openapi.yaml. */
  position: number;
  /** Position of the frame before. */
  previous: number;
  /** `moved`: only a place on a waitlist has changed, because somebody ahead left it. */
  cause: "entered" | "waitlisted" | "promoted" | "withdrawn" | "moved" | "mixed" | "unchanged";
  /** Those that have changed. */
  entries: TeamEntry[];
}

/** As in openapi.yaml. */
export interface TeamEntry {
  /** As in openapi.yaml. */
  tournament_id: string;
  /** As in openapi.yaml. */
  status: EntryStatus;
  /** On the waitlist, if it waits. */
  place?: number;
  /** In a delta. */
  cause?: "entered" | "waitlisted" | "promoted" | "withdrawn" | "moved" | "mixed";
}

/** A line before a sale. */
export interface WaitingRoom {
  /** As in its path. */
  id: string;
  /** How many come in per second at most; 0 is a pause. */
  admit_per_second: number;
  /** How many passes go on at once at most. */
  max_active: number;
  /** How long a pass lasts. */
  active_seconds: number;
  /** The longest pause between two signs of life; twice that costs the place. */
  heartbeat_seconds: number;
  /** As in openapi.yaml. */
  status: RoomStatus;
  /** As in openapi.yaml. */
  order: RoomOrder;
  /** When the first come in; missing if at once. */
  opens_at?: string;
  /** SHA-256 of the seed of a shuffled opening, in hexadecimal. */
  seed_hash?: string;
  /** The seed in hexadecimal, once the order has been drawn. */
  seed?: string;
  /** The last ticket that came before a shuffled opening, once it has begun. */
  early?: number;
  /** Visitors who wait. */
  waiting: number;
  /** Passes that go on. */
  active: number;
  /** How many came in, in all. */
  admitted: number;
  /** How many places were given out, in all: the last ticket. */
  joined: number;
  /** Counts the settings, from 1; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** As in openapi.yaml. */
  as_of?: AsOf;
}

/** A closed room takes nobody in and lets nobody in. */
export type RoomStatus = "open" | "closed";

/** How those stand who came before `opens_at`: as they came, or drawn. */
export type RoomOrder = "fifo" | "shuffle";

/** The body that sets a waiting room up or changes it. */
export interface NewWaitingRoom {
  /** How many come in per second at most; 0 is a pause. */
  admit_per_second: number;
  /** How many passes go on at once at most. */
  max_active: number;
  /** How long a pass lasts. */
  active_seconds: number;
  /** The longest pause between two signs of life. */
  heartbeat_seconds: number;
  /** As in openapi.yaml. */
  status?: RoomStatus;
  /** As in openapi.yaml. */
  order?: RoomOrder;
  /** When the first come in. */
  opens_at?: string;
}

/** Whether events are delivered. */
export type WebhookStatus = "enabled" | "disabled";

/** An address that events are delivered to. */
export interface Webhook {
  /** As in its path. */
  id: string;
  /** Where events are delivered to. */
  url: string;
  /** The types of events that are delivered; missing if all are. */
  types?: string[];
  /** For people. */
  description: string;
  /** As in openapi.yaml. */
  status: WebhookStatus;
  /** `asked`: by an edit. `gone`: its receiver answered 410. `failing`: an event could not be delivered for 3 days. */
  disabled_because?: "asked" | "gone" | "failing";
  /** The position in the log up to which everything has been delivered. */
  reached: number;
  /** Since when an event could not be delivered, if one can not. */
  failing_since?: string;
  /** Why its last attempt failed. */
  last_error?: string;
  /** When the next attempt is. */
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
  /** Where events are delivered to. */
  url: string;
  /** The types of events that are delivered; missing if all are. */
  types?: string[];
  /** For people. */
  description: string;
  /** As in openapi.yaml. */
  status: WebhookStatus;
  /** `asked`: by an edit. `gone`: its receiver answered 410. `failing`: an event could not be delivered for 3 days. */
  disabled_because?: "asked" | "gone" | "failing";
  /** The position in the log up to which everything has been delivered. */
  reached: number;
  /** Since when an event could not be delivered, if one can not. */
  failing_since?: string;
  /** Why its last attempt failed. */
  last_error?: string;
  /** When the next attempt is. */
  next_at?: string;
  /** Of the newest edit; also the `ETag`. */
  revision: number;
  /** Of the last change in the log. */
  position: number;
  /** What the receiver verifies signatures with. */
  secret: string;
  /** Until when the secret before signs as well. */
  old_secret_until?: string;
}

/** The body that makes a webhook. */
export interface NewWebhook {
  /** Your choice; a UUIDv7 if it is missing. */
  id?: string;
  /** An https:// URL with a public host, without a user name. */
  url: string;
  /** The types of events to deliver; all if it is missing. */
  types?: string[];
  /** For people. */
  description?: string;
}

/** The body that edits a webhook. */
export interface WebhookEdit {
  /** An https:// URL with a public host, without a user name. */
  url?: string;
  /** The types of events to deliver; `null` is all. */
  types?: string[] | null;
  /** For people. */
  description?: string;
  /** As in openapi.yaml. */
  status?: WebhookStatus;
}

/** The body that has events delivered again. */
export interface WebhookReplay {
  /** The position of the first of them. */
  from: number;
}

/** A webhook that was deleted. */
export interface DeletedWebhook {
  /** As in its path. */
  id: string;
  /** It is gone for good. */
  status: "deleted";
  /** Of the deletion in the log. */
  position: number;
}

/** How a test went. */
export interface WebhookTest {
  /** Whether the receiver took it. */
  delivered: boolean;
  /** Of the event: its `webhook-id`. */
  event_id: string;
  /** Of the answer, if there was one. */
  status?: number;
  /** Why it was not delivered, if it was not. */
  error?: string;
}

/** The body that joins the line. */
export interface NewVisitor {
  /** Who wants a place; with a token, its `sub`. */
  holder?: string;
}

/** Where a visitor stands. */
export interface Visit {
  /** The id to ask with. Whoever has it has the place. */
  visitor: string;
  /** The number by arrival. */
  ticket: number;
  /** `left`: gave the place or the pass up, or has got what the room is the way to. `expired`: silent for too long, or the time of the pass is over. */
  status: "waiting" | "admitted" | "left" | "expired";
  /** While you wait: people up to you who still do; 1 is next. `null` before a shuffled opening is drawn. */
  position?: number | null;
  /** While you wait: how long it will take by the rate of the last minute. `null` while nobody is let in. */
  eta_seconds?: number | null;
  /** When to ask again; as `Retry-After`. */
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
  /** The waiting room that guards it, if one does. */
  waiting_room?: string;
  /** The first moment of its sale, if it has one. */
  opens_at?: string;
  /** The first moment after its sale, if it has one. */
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
  /** If there are some; in a delta those that have changed. */
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
  /** Position of the frame before. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  blocked: number;
  /** Of what remains. */
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
  /** After an edit only, if the sale has such a bound. */
  opens_at?: string;
  /** After an edit only, if the sale has such a bound. */
  closes_at?: string;
  /** As in openapi.yaml. */
  cancelled?: Cancelled;
  /** After an edit only, by category of the plan */
  prices?: Record<string, unknown>;
  /** If there are some; in a delta those that have changed. */
  areas?: Area[];
  /** Those whose counts have changed; after an edit all of them. */
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
  /** Position of the frame before. */
  previous: number;
  /** As in openapi.yaml. */
  remaining: number;
  /** As in openapi.yaml. */
  held: number;
  /** As in openapi.yaml. */
  sold: number;
  /** As in openapi.yaml. */
  blocked: number;
  /** Of what remains. */
  change: number;
  /** As in openapi.yaml. */
  cause: "held" | "booked" | "released" | "expired" | "blocked" | "unblocked" | "opened" | "closed" | "edited" | "cancelled" | "mixed" | "unchanged";
  /** Those that changed, by name, with where they stand now. */
  seats: Record<string, "free" | "held" | "booked" | "blocked">;
}

/** Data of a `snapshot` frame of a waiting room; its members are those of the resource. */
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
  /** Position of the frame before. */
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

/** Data of a `visit` frame; its members are those of `Visit`, and the room. */
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
  /** When the server looks again. */
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
  /** What it is about, if it is about a topic. */
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
  /** How many events the read side is behind. */
  lag: number;
  /** Where the read side is. */
  position: number;
  /** The log's identity. */
  epoch: string;
  /** The code by ISO 4217 of what all amounts are minor units of, or `assumed`. */
  currency: string;
  /** Its decimals; not there if it is `assumed`. */
  currency_digits?: number;
  /** Position up to which the log was checked against all rules; with `serve --prove` only. */
  proved?: number;
  /** This server has none of the keys that the log's waiting rooms are signed with; rooms, and what they guard, are answered with 503 `keys_differ`. Else it is not there. */
  keys_differ?: boolean;
  /** Another server signs with a newer key than this one has; what that has signed is answered with 503 `keys_differ`. Else it is not there. */
  keys_behind?: boolean;
}

/** As in openapi.yaml. */
export interface AreaLeft {
  /** Its id. */
  area: string;
  /** How many places are left. */
  remaining: number;
}

/** As in openapi.yaml. */
export interface SectionLeft {
  /** Its id. */
  section: string;
  /** How many seats are left. */
  remaining: number;
}

/** For programs; stable. */
export type Code = "already_confirmed" | "already_entered" | "already_exists" | "amount_mismatch" | "bad_cursor" | "bad_parameter" | "body_too_large" | "deadline_passed" | "forbidden" | "foreign_origin" | "hold_expired" | "idempotency_key_reused" | "insufficient_balance" | "internal" | "invalid_field" | "keys_differ" | "keys_unavailable" | "provider_unavailable" | "limit_exceeded" | "too_large" | "log_unavailable" | "malformed_json" | "method_not_allowed" | "not_found" | "not_held" | "not_open" | "overloaded" | "pass_invalid" | "pass_required" | "payment_in_progress" | "payment_reference_used" | "projection_behind" | "rate_limited" | "registration_closed" | "released" | "request_header_too_large" | "revision_required" | "room_closed" | "sale_closed" | "cancelled" | "cancellation_closed" | "seat_taken" | "shutting_down" | "draining" | "sold_out" | "stale_revision" | "tournament_full" | "unauthenticated" | "unknown_field" | "unsupported_media_type" | "upgrade_required";
