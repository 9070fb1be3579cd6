// The values that cross the API, by the names of the OpenAPI document.

import type { components, paths } from './schema';

type Schemas = components['schemas'];

/** What the box answers is whole: where the document says "optional", there is a null. */
type Whole<T> = T extends (infer One)[] ? Whole<One>[] : T extends object ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> } : T;

/** Every path of the API, without its root. */
export type Path = keyof paths extends infer P ? (P extends `/api/v1${infer Rest}` ? Rest : never) : never;

export type Extension = Omit<Whole<Schemas['Extension']>, 'secret'>;
export type Device = Omit<Whole<Schemas['Device']>, 'secret'>;
export type Trunk = Whole<Schemas['Trunk']>;
/** What a trunk of digital lines has. */
export type Isdn = Whole<Omit<Schemas['Isdn'], 'timers'>> & { timers: Record<string, number> };
export type IsdnSpan = Whole<Schemas['IsdnSpan']>;
/** A digital line of the box. */
export type Line = Whole<Schemas['LineStatus']>;
export type Channel = Whole<Schemas['ChannelStatus']>;
/** A test of the bit errors of a channel. */
export type Bert = Whole<Schemas['Bert']>;
export type ChannelService = Schemas['ChannelService'];
export type SpanLoop = Schemas['SpanLoop'];
export type LineCounters = Schemas['LineCounters'];
export type LineFault = Schemas['LineFault'];
/** An event: what was said on a D channel. */
export type LineTrace = Whole<Schemas['LineTrace']>;
export type InboundRoute = Whole<Schemas['InboundRoute']>;
export type OutboundRoute = Whole<Schemas['OutboundRoute']>;
/** How a digital line marks a called number. */
export type NumberType = Schemas['NumberType'];
/** A number that the box itself answers. */
export type BoxNumber = Whole<Schemas['Number']>;
export type Tenant = Whole<Schemas['Tenant']>;
/** Which codecs a side may speak. */
export type CodecPolicy = Whole<Schemas['CodecPolicy']>;
/** Whether the sound of a side is encrypted. */
export type Encryption = Schemas['Encryption'];
export type CodecName = Schemas['CodecName'];
export type Settings = Whole<Schemas['Settings']>;
export type External = Schemas['External'];
export type Country = Whole<Schemas['Country']>;

/** An entry that came with a secret that is shown only this once. */
export type WithSecret<T> = T & { secret?: string | null };

export type Registration = Whole<Schemas['Registration']>;
export type TrunkStatus = Whole<Schemas['TrunkStatus']>;
export type Place = Schemas['Place'];
export type Step = Schemas['Step'];
export type Why = Schemas['Why'];
export type End = Whole<Schemas['End']>;
export type Quality = Schemas['Quality'];
/** The other end may not report, and a way may not have been measured. */
export type QualityPoint = Schemas['QualityPoint'];
export type QualitySummary = Schemas['QualitySummary'];
export type StreamSummary = Schemas['StreamSummary'];
/** An event: how one leg of a live call sounded in the last seconds. */
export interface CallQuality {
  call: string;
  leg: string;
  kind: Schemas['MediaKind'];
  point: QualityPoint;
}
export type StreamRecord = Omit<Whole<Schemas['StreamRecord']>, 'quality' | 'summary'> & Pick<Schemas['StreamRecord'], 'quality' | 'summary'>;
export type LegSecurity = Schemas['LegSecurity'];
export type LegPath = Schemas['LegPath'];
export type MediaPath = Schemas['MediaPath'];
export type PathPolicy = Schemas['PathPolicy'];
export type Stay = Schemas['Stay'];
export type Security = Schemas['Security'];
export type Suite = Schemas['Suite'];
/** Its name is left out when there is none. */
export type Party = Schemas['Party'];
/** What is left out when there is nothing to say. */
type Rare = 'security' | 'paths' | 'recordings' | 'digits' | 'keys' | 'talking';
export type CallRecord = Omit<Whole<Schemas['CallRecord']>, 'from' | 'to' | 'streams' | Rare> & { from: Party; to: Party; streams: StreamRecord[] } & Pick<Schemas['CallRecord'], Rare>;

export type RouteQuestion = Whole<Schemas['RouteQuestion']>;
export type EncryptionPolicy = Schemas['EncryptionPolicy'];
export type RouteReport = Whole<Schemas['RouteReport']>;

/** A room of the box in which somebody is; a member's name is left out when there is none. */
export type Conference = Schemas['Conference'];
export type Capture = Whole<Schemas['Capture']>;
export type CaptureStop = Schemas['CaptureStop'];
export type Recording = Whole<Schemas['Recording']>;
export type RecordingStop = Schemas['RecordingStop'];
/** A sound that was uploaded. */
export type Sound = Whole<Schemas['Upload']>;
export type Prompts = Whole<Schemas['Prompts']>;
export type RecordingTone = Schemas['RecordingTone'];
export type Member = Schemas['Member'];
export type Moderation = Schemas['Moderation'];
export type Speaker = Schemas['Speaker'];
export type Load = Whole<Schemas['Load']>;
export type Capacity = Whole<Schemas['Capacity']>;
export type CodecPrice = Schemas['CodecPrice'];

export type Setup = Schemas['Setup'];
export type Session = Schemas['Session'];
export type Token = Whole<Schemas['ListedToken']>;
export type MadeToken = Token & { token: string };
