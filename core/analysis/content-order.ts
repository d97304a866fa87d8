/**
 * Signatures that are looked at, made or opened in the wrong order: behind an edit that breaks them, before an edit that
 * breaks them, or before what hides them is opened.
 */
import type { Handling, SignatureKind } from '../plugin/about.ts';
import type { Examined, Finding, Subject } from './finding.ts';
import { demandOf, exclude } from './implication.ts';

interface Step {
  readonly plugin: Examined;
  readonly handling: Handling;
  /** The hook, then the place in the list. */
  readonly order: number;
}

/** Two steps that are in the wrong order, where `first` comes before `second` and concerns the same signatures. */
interface Hazard {
  readonly first: Handling['does'];
  readonly second: Handling['does'];
  /** Whose place in the list is told. */
  readonly about: 'first' | 'second';
  readonly message: (first: string, second: string, signatures: string) => string;
}

const HAZARDS: readonly Hazard[] = [
  {
    first: 'breaks',
    second: 'verifies',
    about: 'second',
    message: (first, second, signatures) =>
      `it verifies ${signatures} signatures that "${first}" above may have broken by its edits: move "${second}" up, or let "${first}" leave signed mail alone`,
  },
  {
    first: 'signs',
    second: 'breaks',
    about: 'first',
    message: (first, second, signatures) =>
      `the ${signatures} signatures that "${first}" makes are broken by the edits of "${second}", which comes later: move "${first}" below it`,
  },
  {
    first: 'seals',
    second: 'breaks',
    about: 'first',
    message: (first, second) =>
      `"${second}" comes later and edits content, of which "${first}" leaves nothing but what is encrypted: move "${first}" below it`,
  },
];

/** Every pair of plugins that one mail may meet in the wrong order. */
export function contentOrder(subject: Subject): readonly Finding[] {
  const steps = stepsOf(subject);
  const pairs = steps.flatMap(first =>
    steps.filter(second => first.order < second.order).flatMap(second => hazardsOf(first, second, subject)),
  );
  return [...pairs, ...unopened(steps, subject)];
}

function stepsOf({ mounted }: Subject): readonly Step[] {
  return mounted.flatMap((plugin, index) =>
    (plugin.mode === 'enforce' ? (plugin.instance.about?.handles ?? []) : []).map(handling => ({
      plugin,
      handling,
      order: (handling.at === 'deliver' ? mounted.length : 0) + index,
    })),
  );
}

function hazardsOf(first: Step, second: Step, subject: Subject): readonly Finding[] {
  const signatures = common(first, second);
  const hazards = HAZARDS.filter(one => one.first === first.handling.does && one.second === second.handling.does);
  if (signatures.length === 0 || hazards.length === 0 || !meet(first, second, subject)) return [];
  return hazards.map(({ about, message }) =>
    found(about === 'first' ? first : second, message(first.plugin.id, second.plugin.id, signatures.join(' and '))),
  );
}

/** What is signed inside of encrypted mail is seen by nobody before that is opened. */
function unopened(steps: readonly Step[], subject: Subject): readonly Finding[] {
  const opening = steps.filter(({ handling }) => handling.does === 'opens');
  return steps.flatMap(step => {
    if (step.handling.does !== 'verifies') return [];
    const relevant = opening.filter(one => common(one, step).length > 0 && meet(one, step, subject));
    const later = relevant.find(one => one.order > step.order);
    if (later === undefined || relevant.some(one => one.order <= step.order)) return [];
    const [id, other] = [step.plugin.id, later.plugin.id];
    return [
      found(
        step,
        `"${id}" does not see what is signed inside of encrypted mail, which "${other}" opens later: move "${other}" above "${id}"`,
      ),
    ];
  });
}

function common(one: Step, other: Step): readonly SignatureKind[] {
  return one.handling.signatures.filter(kind => other.handling.signatures.includes(kind));
}

/** Whether there may be a mail that both are asked about. */
function meet(one: Step, other: Step, { setting }: Subject): boolean {
  return !exclude(demandOf(one.plugin.when), demandOf(other.plugin.when), setting);
}

function found({ plugin }: Step, message: string): Finding {
  return { code: 'MF_CONTENT_ORDER', severity: 'warning', path: [...plugin.entry.path, 'use'], message };
}
