/** Elements, made of text alone: nothing that a stranger wrote is ever read as HTML. */

/**
 * Makes an element: `el('p.note', { title: 'x' }, 'text', child)`. Attributes that are `false`, `null` or `undefined` are
 * left out; functions listen to events.
 */
export function el(kind, attributes = {}, ...children) {
  const [name, ...classes] = kind.split('.');
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.flat(2).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts these in the place of all that is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(2).filter(child => child !== null && child !== undefined && child !== false),
  );
}

/** A text that a click copies. */
export function copyable(text, label = text) {
  const button = el('button.copy', { type: 'button', title: 'Copy', 'aria-label': `Copy ${text}` }, label);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button);
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
      return;
    }
    button.classList.add('copied');
    button.textContent = 'Copied';
    setTimeout(() => {
      button.classList.remove('copied');
      button.textContent = label;
    }, 1200);
  });
  return button;
}

export function button(label, act, kind = 'button') {
  return el(kind, { type: 'button', click: act }, label);
}
