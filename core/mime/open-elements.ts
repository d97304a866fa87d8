/** The elements of HTML that are open, and which of them a tag ends. Each tag costs bounded time, however many are open. */
import { CELLS, IMPLIED_ENDS, isBlock, TABLE_PARTS } from './html-elements.ts';

/** So far a tag looks for what it ends: further up than this nests nothing but tricks. */
const FARTHEST = 256;

export class OpenElements<E extends { readonly name: string }> {
  readonly #ended: (element: E) => void;
  readonly #stack: E[] = [];
  readonly #counts = new Map<string, number>();

  /** `ended` is told of each element that ends, the inner ones first. */
  constructor(ended: (element: E) => void) {
    this.#ended = ended;
  }

  start(element: E): void {
    this.#stack.push(element);
    this.#counts.set(element.name, (this.#counts.get(element.name) ?? 0) + 1);
  }

  /** The innermost element of these names. */
  nearest(names: ReadonlySet<string>): E | null {
    if (!Array.from(names).some(name => this.#has(name))) return null;
    const place = this.#find(
      name => names.has(name),
      () => false,
    );
    return place === null ? null : (this.#stack[place] ?? null);
  }

  /** Ends what a start tag of this name ends: a paragraph before a block, an item before the next one. */
  endImplied(name: string): void {
    if (isBlock(name) && this.#has('p')) this.#endAt(this.#find(each => each === 'p', isOuter));
    const implied = IMPLIED_ENDS.get(name);
    if (implied !== undefined)
      this.#endAt(
        this.#find(
          each => implied.ends.has(each),
          each => implied.within.has(each),
        ),
      );
  }

  /** Ends the innermost element of this name, and all in it. @returns whether there is one that the tag can mean */
  end(name: string): boolean {
    if (!this.#has(name)) return false;
    const place = this.#find(each => each === name, wallsOf(name));
    this.#endAt(place);
    return place !== null;
  }

  endAll(): void {
    this.#endAt(0);
  }

  #has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  #find(isMeant: (name: string) => boolean, isWall: (name: string) => boolean): number | null {
    const last = Math.max(0, this.#stack.length - FARTHEST);
    for (let place = this.#stack.length - 1; place >= last; place -= 1) {
      const name = this.#stack[place]?.name ?? '';
      if (isMeant(name)) return place;
      if (isWall(name)) return null;
    }
    return null;
  }

  #endAt(place: number | null): void {
    if (place === null) return;
    for (let element = this.#pop(place); element !== undefined; element = this.#pop(place)) this.#ended(element);
  }

  /** The innermost element, unless it lies below that place. */
  #pop(place: number): E | undefined {
    const element = this.#stack.length > place ? this.#stack.pop() : undefined;
    if (element !== undefined) this.#counts.set(element.name, (this.#counts.get(element.name) ?? 1) - 1);
    return element;
  }
}

/** What an element in a line is not looked for behind. */
function isOuter(name: string): boolean {
  return (isBlock(name) && name !== 'p') || CELLS.has(name);
}

/** What an end tag does not look behind for what it ends. */
function wallsOf(name: string): (each: string) => boolean {
  if (TABLE_PARTS.has(name)) return each => each === 'table';
  return isBlock(name) ? each => CELLS.has(each) : isOuter;
}
