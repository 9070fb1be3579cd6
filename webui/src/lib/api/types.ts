// The values that cross the API.

export type Num = string;

export interface Forwarding {
  always: Num | null;
  busy: Num | null;
  no_answer: Num | null;
  no_answer_seconds: number;
  unreachable: Num | null;
}

export interface Extension {
  id: number;
  revision: number;
  tenant: number;
  number: Num;
  name: string;
  enabled: boolean;
  caller_id: Num | null;
  do_not_disturb: boolean;
  forward: Forwarding;
}

export interface Device {
  id: number;
  revision: number;
  tenant: number;
  extension: number;
  name: string;
  enabled: boolean;
}

export interface Trunk {
  id: number;
  revision: number;
  tenant: number;
  name: string;
  enabled: boolean;
  kind: 'register' | 'static';
  host: string;
  port: number | null;
  transport: 'auto' | 'udp' | 'tcp' | 'tls';
  domain: string | null;
  username: string;
  auth_username: string | null;
  register_seconds: number;
  peers: string[];
  number_format: 'plus' | 'digits' | 'national' | 'as_dialled';
  caller_id: { number: Num | null; in_from: boolean; asserted: boolean };
  max_calls: number | null;
}

export interface InboundRoute {
  id: number;
  revision: number;
  tenant: number;
  name: string;
  enabled: boolean;
  order: number;
  trunk: number | null;
  did: string;
  caller: string | null;
  destination: Num;
}

export interface OutboundRoute {
  id: number;
  revision: number;
  tenant: number;
  name: string;
  enabled: boolean;
  order: number;
  pattern: string;
  caller: string | null;
  strip: number;
  prepend: string;
  trunks: number[];
  barred: boolean;
}

export type External = 'learned' | { fixed: string } | { stun: string };

export interface Settings {
  revision: number;
  name: string;
  country: string;
  extra_emergency: Num[];
  wizard_done: boolean;
  network: { inside: string[]; external: External };
  ring_seconds: number;
  silence_seconds: number;
  session_seconds: number;
  max_calls: number;
}

export interface Country {
  code: string;
  name: string;
  calling_code: string;
  trunk_prefix: string;
  international_prefix: string;
  emergency: string[];
}

export interface Registration {
  id: number;
  tenant: number;
  number: string;
  device: string | null;
  contact: string;
  transport: 'udp' | 'tcp' | 'tls';
  source: string;
  local: string;
  user_agent: string;
  registered: number;
  expires: number;
}

export type Place = { extension: string } | { trunk: string };

export interface Party {
  number: string;
  name?: string;
}

export interface Step {
  after_ms: number;
  text: string;
}

export type Why =
  | 'hung_up' | 'cancelled' | 'busy' | 'no_answer' | 'rejected' | 'do_not_disturb' | 'not_registered'
  | 'unreachable' | 'no_such_number' | 'incomplete' | 'no_route' | 'barred' | 'loop' | 'trunk_full'
  | 'carrier_failed' | 'answered_elsewhere' | 'transferred' | 'no_common_media'
  | { no_media: { seconds: number } } | 'session_expired' | 'protocol_error' | 'dialog_lost'
  | 'administrator' | 'shutdown' | 'crash' | 'overload' | 'no_ports';

export interface End {
  cause: number;
  status: number | null;
  by: 'caller' | 'callee' | 'exchange' | 'network';
  why: Why;
}

export interface StreamStats {
  received: number;
  sent: number;
  lost: number;
  jitter_micros: number;
  jitter_max_micros: number;
  remote_lost: number;
  remote_jitter_micros: number;
  payload_type: number | null;
}

export interface StreamRecord {
  leg: string;
  kind: 'audio' | 'video' | 'image' | 'other';
  stats: StreamStats;
}

export interface CallRecord {
  id: string;
  tenant: number;
  direction: 'internal' | 'inbound' | 'outbound' | 'transit';
  state: 'dialling' | 'ringing' | 'up' | 'ended';
  from: Party;
  origin: Place;
  dialled: string;
  to: Party;
  destination: Place | null;
  started: number;
  rang: number | null;
  answered: number | null;
  ended: number | null;
  held: boolean;
  end: End | null;
  steps: Step[];
  diverted: { from: string; reason: string }[];
  digits?: string;
  streams: StreamRecord[];
}

export interface TrunkStatus {
  trunk: number;
  state: 'off' | 'trying' | 'up' | 'down';
  since: number;
  problem: string | null;
  seen_as: string | null;
}

export interface RouteQuestion {
  from: string;
  to: string;
  at: number | null;
  trunk: number | null;
}

export interface RouteReport {
  verdict: 'extension' | 'trunk' | 'refused';
  places: Place[];
  number: string | null;
  route: string | null;
  steps: Step[];
}

export interface Token {
  id: string;
  label: string;
  created: number;
  expires: number | null;
}

/** An entry that came with a secret that is shown only this once. */
export type WithSecret<T> = T & { secret?: string | null };
