/**
 * A link of the chain as a rehearsal has it: it is asked as ever, but what it makes of the content is written down, and a
 * transport is asked what it would do.
 */
import type { Link } from '../chain/link.ts';
import { deliveredTo } from '../mail/outcome.ts';
import { report } from '../mail/verdict.ts';
import type { Delivery, HookContext } from '../plugin/hooks.ts';
import type { Around, HookCall, Next } from '../plugin/middleware.ts';
import type { PluginInstance } from '../plugin/plugin.ts';
import type { Notebook, Rewritten } from './notebook.ts';

/** What middleware has made of the deliveries that are under way, each of them by the delivery that it passed on. */
export type UnderWay = WeakMap<Delivery, readonly Rewritten[]>;

export function stagedLink<L extends Link>(link: L, notebook: Notebook, underWay: UnderWay): L {
  const { id, instance, delivers } = link;
  const { data, around } = instance;
  return {
    ...link,
    instance: instead(instance, {
      ...(data === undefined ? {} : { data: watched(data.bind(instance), id, notebook) }),
      ...(around === undefined ? {} : { around: followed(around.bind(instance), id, underWay) }),
      ...(delivers === null ? {} : { deliver: told(id, instance, { notebook, underWay }) }),
    }),
  };
}

/** The same instance, with some of its members replaced. The others still find their own. */
function instead(instance: PluginInstance, members: Partial<PluginInstance>): PluginInstance {
  return new Proxy(instance, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof PluginInstance];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** A `data` hook whose rewrites are kept, before and after. */
function watched(data: NonNullable<PluginInstance['data']>, plugin: string, notebook: Notebook) {
  const keep = (answer: Awaited<ReturnType<typeof data>>, { mail }: Parameters<typeof data>[0]) => {
    // What is no proper answer is for the chain to judge.
    if (answer?.kind === 'rewrite' && Array.isArray(answer.changes)) {
      notebook.rewritten.set(answer.changes, { plugin, before: mail.content, after: answer.content });
    }
    return answer;
  };
  return (...[subject, context]: Parameters<typeof data>) => {
    const answer = data(subject, context);
    return answer instanceof Promise ? answer.then(one => keep(one, subject)) : keep(answer, subject);
  };
}

/** Middleware whose changes of a delivery are kept. */
function followed(around: Around, plugin: string, underWay: UnderWay): Around {
  return (call: HookCall, next: Next) => {
    if (call.hook !== 'deliver') return around(call, next);
    const given = call.subject;
    return around(call, passed => {
      if (passed === undefined) return next();
      const before = underWay.get(given) ?? [];
      const { content } = given.mail;
      const after = passed.mail.content;
      underWay.set(passed, after === content ? before : [...before, { plugin, before: content, after }]);
      return next(passed);
    });
  };
}

/** In place of `deliver`: what the transport would do. */
function told(
  transport: string,
  instance: PluginInstance,
  { notebook, underWay }: { readonly notebook: Notebook; readonly underWay: UnderWay },
) {
  return async (delivery: Delivery, context: HookContext) => {
    const { recipients, hosts, mail } = delivery;
    const rewritten = underWay.get(delivery) ?? [];
    const about = { transport, recipients, hosts, mail, rewritten };
    if (instance.preview === undefined) {
      notebook.deliveries.push({ ...about, told: 'untold', previews: [] });
      const outcome = deliveredTo(`given to ${transport}, which does not say what it would do`);
      return report(recipients.map(one => [one, outcome] as const));
    }
    const previews = await instance.preview(delivery, context);
    notebook.deliveries.push({ ...about, told: 'told', previews });
    return report(previews.flatMap(({ recipients: some, outcome }) => some.map(one => [one, outcome] as const)));
  };
}
