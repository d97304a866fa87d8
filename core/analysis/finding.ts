/** What an analysis has found, and of what: a configuration whose plugins are mounted. */
import type { Link } from '../chain/link.ts';
import type { Configuration, PluginEntry } from '../config/configuration.ts';
import type { ConfigDocument, Path } from '../config/place.ts';
import type { ErrorCode, Position } from '../mail/error.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { type FactRange, factRanges } from './fact-values.ts';
import type { Setting } from './model.ts';
import { sessionKinds } from './session-kinds.ts';

/** A mounted plugin. */
export interface Examined extends Link {
  readonly plugin: Plugin;
  readonly entry: PluginEntry;
}

/** What is looked at. */
export interface Subject {
  readonly configuration: Configuration;
  readonly document: ConfigDocument;
  readonly mounted: readonly Examined[];
  readonly setting: Setting;
}

/** One thing that is not as somebody meant it. */
export interface Finding {
  readonly code: ErrorCode;
  /** `error`: a gateway should not run like this. */
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  /** Whether the key at the path is meant, or its value. Left out: the value. */
  readonly at?: 'key' | 'value';
  /** Where it stands, if not in the configuration. */
  readonly place?: Position;
  readonly message: string;
  /** Left out: that of the code. */
  readonly page?: string;
}

/** What is looked at, with what it says mails can be like. */
export function subjectOf(parts: Omit<Subject, 'setting'>): Subject {
  const facts: ReadonlyMap<string, FactRange> = factRanges(parts.mounted.flatMap(({ plugin }) => plugin.facts));
  return { ...parts, setting: { sessions: sessionKinds(parts.configuration.listeners), facts } };
}
