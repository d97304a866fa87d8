/**
 * HTML as plain text, for those who read no HTML: a text alternative, or all that is let through.
 *
 * Made from the tokens as they come, without a tree: depth costs nothing, and time is linear. What mail hides from its
 * readers is left out (`isHidden`). Not known are style sheets and scripts.
 */
import { isBlock, LISTS, PARAGRAPHS, VOID } from './html-elements.ts';
import { attributeOf, type HtmlToken, htmlTokens, type StartTag } from './html-tokens.ts';
import { isHidden } from './html-visibility.ts';
import { OpenElements } from './open-elements.ts';
import { decodeReferences, withoutReferences } from './shown-text.ts';
import { type LineMark, TextWriter } from './text-writer.ts';

/** What the text is to be like. */
export interface HtmlToTextOptions {
  /** Lines are folded to this many characters; `null`: a paragraph is a line. */
  readonly width: number | null;
  /** `[1]` in the text and a list below it, `text <url>` in place, or only what is shown. */
  readonly links: 'references' | 'inline' | 'none';
  /** No more text than this, in characters. */
  readonly longest: number;
}

/** A text, and whether it is all. */
export interface HtmlAsText {
  /** Lines end at CRLF, the last one too; empty where nothing is shown. */
  readonly text: string;
  /** Whether something was left out for its length. */
  readonly truncated: boolean;
}

/**
 * What HTML shows. Never fails.
 * @example htmlToText('<h1>Hi</h1><p>See <a href="https://a.test/">us</a>', { width: 78, links: 'inline', longest: 1e6 }).text
 */
export function htmlToText(html: string, options: HtmlToTextOptions): HtmlAsText {
  const reading = new Reading(html, options);
  for (const token of htmlTokens(html)) {
    reading.take(token);
    if (reading.isFull) break;
  }
  return reading.finish();
}

/** Only these lead somewhere from a text. */
const SHOWN_SCHEMES = /^(?:https?|ftp|mailto|tel):/i;
const RULE = '-'.repeat(20);
const UNDERLINES: ReadonlyMap<string, string> = new Map([
  ['h1', '='],
  ['h2', '-'],
]);
/** RFC 5322 section 2.1.1. */
const LINE = 78;
/** Of a label, enough to see that it says what its link says. */
const LONGEST_LABEL = 2000;

/** An element that is open, and what is owed when it ends. */
interface Element {
  readonly name: string;
  readonly hidden: boolean;
  /** Of an anchor. */
  readonly url: string | null;
  /** Of an ordered list: the number of its next item. */
  next: number | null;
}

class Reading {
  readonly #html: string;
  readonly #options: HtmlToTextOptions;
  readonly #writer: TextWriter;
  readonly #open = new OpenElements<Element>(element => this.#close(element));
  readonly #urls = new Map<string, number>();
  #hidden = 0;
  #verbatim = 0;
  /** The text of the anchor that is open. */
  #label = '';
  /** That of the heading. */
  #heading = '';
  /** Whether the next text is in another cell than what stands on the line. */
  #nextCell = false;
  #afterPreTag = false;

  constructor(html: string, options: HtmlToTextOptions) {
    this.#html = html;
    this.#options = options;
    this.#writer = new TextWriter(options.width, options.longest);
  }

  get isFull(): boolean {
    return this.#writer.truncated;
  }

  take(token: HtmlToken): void {
    switch (token.kind) {
      case 'text':
        this.#text(decodeReferences(this.#html.slice(token.start, token.end)));
        break;
      case 'raw':
        if (token.within === 'xmp' || token.within === 'plaintext')
          this.#text(this.#html.slice(token.start, token.end));
        break;
      case 'start':
        this.#start(token);
        break;
      case 'end':
        if (!this.#open.end(token.name) && (token.name === 'p' || token.name === 'br')) this.#break();
        break;
      case 'comment':
      case 'unfinished':
        break;
    }
  }

  finish(): HtmlAsText {
    this.#open.endAll();
    if (this.#urls.size > 0) {
      this.#writer.endParagraph();
      this.#writer.verbatim([...this.#urls].map(([url, number]) => `[${number}] ${url}`).join('\n'));
    }
    return { text: this.#writer.finish(), truncated: this.#writer.truncated };
  }

  #text(text: string): void {
    if (this.#hidden > 0) return;
    const shown = this.#afterPreTag ? text.replace(/^\r?\n/, '') : text;
    this.#afterPreTag = false;
    if (this.#label.length < LONGEST_LABEL) this.#label += shown.slice(0, LONGEST_LABEL);
    if (this.#heading.length < LINE) this.#heading += shown.slice(0, LINE);
    if (this.#verbatim > 0) return this.#writer.verbatim(shown);
    const isApart = this.#nextCell && this.#writer.hasLine && shown.trim() !== '';
    this.#writer.text(isApart ? ` | ${shown.trimStart()}` : shown);
    if (this.#writer.hasLine) this.#nextCell &&= shown.trim() === '';
  }

  #start(tag: StartTag): void {
    const { name } = tag;
    this.#open.endImplied(name);
    const hidden = isHidden(this.#html, tag);
    if (VOID.has(name)) {
      if (!hidden && this.#hidden === 0) this.#void(tag);
      return;
    }
    const url = name === 'a' ? this.#urlOf(tag) : null;
    const element: Element = {
      name,
      hidden,
      url,
      next: name === 'ol' ? numberOf(attributeOf(this.#html, tag, 'start')) : null,
    };
    const parent = name === 'li' || LISTS.has(name) ? this.#open.nearest(LISTS) : null;
    this.#open.start(element);
    if (hidden) this.#hidden += 1;
    if (this.#hidden === 0) this.#begin(element, parent);
  }

  #begin({ name, url }: Element, list: Element | null): void {
    if (url !== null) this.#label = '';
    if (UNDERLINES.has(name)) this.#heading = '';
    if (name === 'td' || name === 'th') this.#nextCell = true;
    else if (isBlock(name)) this.#separate(name, list);
    switch (name) {
      case 'blockquote':
        this.#writer.openMark({ first: '> ', others: '> ' });
        break;
      case 'dd':
        this.#writer.openMark({ first: '    ', others: '    ' });
        break;
      case 'li':
        this.#writer.openMark(itemMark(list));
        break;
      case 'pre':
      case 'listing':
      case 'xmp':
      case 'plaintext':
        this.#verbatim += 1;
        this.#afterPreTag = true;
    }
  }

  #void(tag: StartTag): void {
    switch (tag.name) {
      case 'br':
        this.#break();
        break;
      case 'hr':
        this.#writer.endParagraph();
        this.#writer.text(RULE);
        this.#writer.endParagraph();
        break;
      case 'img': {
        const alt = tag.attributes.find(({ name }) => name === 'alt');
        const text =
          alt === undefined ? '' : withoutReferences(this.#html, alt.start, alt.end, 'attribute').text.trim();
        if (text !== '') this.#text(`[${text}]`);
      }
    }
  }

  /** A second line end in a row makes an empty line. */
  #break(): void {
    if (this.#hidden > 0) return;
    if (this.#verbatim > 0) this.#writer.verbatim('\n');
    else if (this.#writer.hasLine) this.#writer.endLine();
    else this.#writer.endParagraph();
  }

  /** A list in a list belongs to its item. */
  #separate(name: string, list: Element | null): void {
    this.#nextCell = false;
    if (PARAGRAPHS.has(name) && !(LISTS.has(name) && list !== null)) this.#writer.endParagraph();
    else this.#writer.endLine();
  }

  #close(element: Element): void {
    const { name, hidden, url } = element;
    const wasHidden = this.#hidden > 0;
    if (hidden) this.#hidden -= 1;
    if (wasHidden) return;
    switch (name) {
      case 'a':
        if (url !== null) this.#annotate(url);
        break;
      case 'h1':
      case 'h2':
        this.#underline(UNDERLINES.get(name) ?? '');
        break;
      case 'pre':
      case 'listing':
      case 'xmp':
      case 'plaintext':
        this.#verbatim -= 1;
        break;
      case 'blockquote':
      case 'dd':
      case 'li':
        this.#writer.closeMark();
    }
    if (isBlock(name)) this.#separate(name, LISTS.has(name) ? this.#open.nearest(LISTS) : null);
  }

  #underline(character: string): void {
    const length = Math.min(this.#heading.trim().length, this.#options.width ?? LINE);
    this.#writer.endLine();
    if (length > 0) this.#writer.text(character.repeat(length));
  }

  #urlOf(tag: StartTag): string | null {
    const href = tag.attributes.find(({ name }) => name === 'href');
    if (href === undefined || this.#options.links === 'none') return null;
    const url = withoutReferences(this.#html, href.start, href.end, 'attribute')
      .text.replaceAll(/[\t\r\n]/g, '')
      .trim();
    return SHOWN_SCHEMES.test(url) ? url.replaceAll(' ', '%20') : null;
  }

  /** A link that says itself where it leads needs no note. */
  #annotate(url: string): void {
    const label = this.#label.trim();
    if (label === '' || bare(label) === bare(url)) return;
    if (this.#options.links === 'inline') return this.#writer.annotate(`<${url}>`);
    const number = this.#urls.get(url) ?? this.#urls.size + 1;
    this.#urls.set(url, number);
    this.#writer.annotate(`[${number}]`);
  }
}

function bare(url: string): string {
  return url
    .replace(/^(?:(?:https?|ftp):\/\/|mailto:|tel:)/i, '')
    .replace(/\/$/, '')
    .toLowerCase();
}

function itemMark(list: Element | null): LineMark {
  if (list?.next === null || list?.next === undefined) return { first: '* ', others: '  ' };
  const first = `${list.next}. `;
  list.next += 1;
  return { first, others: ' '.repeat(first.length) };
}

function numberOf(start: string | null): number {
  return /^\s*-?[0-9]{1,9}\s*$/.test(start ?? '') ? Number(start) : 1;
}
