/** Who was asked what, and answered what: the life of a mail as a line, hook by hook. */
import { el, fill } from './dom.js';
import { answerColour, clock, duration } from './words.js';

export async function traceTab(body, { details, look }) {
  const { trace } = details;
  if (trace.length === 0) {
    fill(body, el('p.absent', {}, 'No plugin was asked.'));
    return;
  }
  const spent = trace.reduce((sum, { took }) => sum + took, 0);
  const asked = trace.filter(({ answer }) => answer !== 'skipped').length;
  const hideIdle = el('input', { type: 'checkbox' });
  const list = el('ol.trace');
  const show = () =>
    fill(
      list,
      groups(
        trace.filter(step => !hideIdle.checked || !isIdle(step)),
        look,
      ),
    );
  hideIdle.addEventListener('change', show);
  show();
  fill(
    body,
    el(
      'div.trace-head',
      {},
      el('p.note', {}, `${asked} answers, ${duration(spent)} in plugins`),
      el('label', {}, hideIdle, ' only those with an opinion'),
    ),
    list,
  );
}

function isIdle({ answer, changes, facts }) {
  return (answer === 'silent' || answer === 'skipped') && changes.length === 0 && Object.keys(facts).length === 0;
}

/** Steps of one hook that follow each other stand together. */
function groups(trace, look) {
  const found = [];
  for (const step of trace) {
    const last = found.at(-1);
    if (last?.hook === step.hook) last.steps.push(step);
    else found.push({ hook: step.hook, steps: [step] });
  }
  return found.map(({ hook, steps }) =>
    el(
      `li.hook${weight(steps)}`,
      {},
      el('h3', {}, hook, el('time', {}, clock(steps[0].at))),
      el(
        'ol',
        {},
        steps.map(one => stepView(one, look)),
      ),
    ),
  );
}

/** A refusal or a failure should be seen from afar. */
function weight(steps) {
  const colours = steps.filter(({ mode }) => mode !== 'shadow').map(({ answer }) => answerColour(answer));
  if (colours.includes('red')) return '.bad';
  return colours.includes('amber') ? '.late' : '';
}

function stepView({ plugin, mode, asked, answer, detail, took, changes, facts }, look) {
  const colour = answerColour(answer);
  const idle = answer === 'silent' || answer === 'skipped';
  return el(
    `li.step${idle ? '.idle' : ''}`,
    {},
    el(
      'div.step-line',
      {},
      el('b.plugin', {}, plugin),
      mode === 'shadow'
        ? el('span.pill.shadow', { title: 'mode: shadow: nothing comes of it' }, idle ? answer : `would ${answer}`)
        : el(`span.pill${colour === '' ? '' : `.${colour}`}`, {}, answer),
      el('span.asked', {}, asked),
      took === 0 ? null : el('span.took', {}, duration(took)),
    ),
    detail === null ? null : el('p.detail', {}, detail),
    changes.map(({ what, breaks }) =>
      el(
        'p.change',
        {},
        what,
        breaks.map(one => el('span.breaks', {}, `breaks ${one}`)),
      ),
    ),
    factsOf(facts, look),
  );
}

function factsOf(facts, look) {
  const found = Object.entries(facts).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  if (found.length === 0) return null;
  return el(
    'ul.chips',
    {},
    found.map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(', ') : String(value);
      if (name !== 'notification') return el('li.chip', {}, el('b', {}, name), ' ', text);
      return el(
        'li.chip',
        {},
        el('b', {}, name),
        ' ',
        el('a', { href: '#', click: event => follow(event, text, look) }, text),
      );
    }),
  );
}

function follow(event, key, look) {
  event.preventDefault();
  look(key);
}
