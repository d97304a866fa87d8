/**
 * Scopes: which services there are at boot, and who may see them. The only file that knows tsyringe.
 *
 * A child sees what its parents have and may replace it for itself. Guarantees that the container alone does not give: a
 * service is made once, from the scope that owns it, whoever asks first; only what was registered is ever handed out;
 * a missing service and a circle of services are errors that name them. Scopes never dispose of a service: who made it
 * closes it.
 */
import 'reflect-metadata';
import { container, type DependencyContainer } from 'tsyringe';
import { MailframeError } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import type { Needs, Resolved, Token } from '../plugin/token.ts';

/** A service that is made on demand. Two scopes may have one each under the same name. */
interface Lazy<T, N extends Needs> {
  readonly name: string;
  readonly needs: N;
  readonly make: (services: Resolved<N>) => T;
}

/** What is being made at this moment, outermost first: to find circles. */
const making: { readonly name: string }[] = [];

export class Scope {
  readonly #container: DependencyContainer;
  readonly #parent: Scope | null;
  readonly #names = new Set<string>();

  private constructor(container: DependencyContainer, parent: Scope | null) {
    this.#container = container;
    this.#parent = parent;
  }

  /** A scope without services. What anybody registers with tsyringe's global container is not seen. */
  static root(): Scope {
    return new Scope(container.createChildContainer(), null);
  }

  /** A scope that sees this one's services, also those registered later. */
  child(): Scope {
    return new Scope(this.#container.createChildContainer(), this);
  }

  /** Registers a service that exists already. */
  value<T>(token: Token<T>, value: T): this {
    return this.#register(token, () => value);
  }

  /** Registers a service that is made when somebody first asks, once, with the services that this scope sees. */
  lazy<T, N extends Needs>(token: Token<T>, needs: N, make: (services: Resolved<N>) => T): this {
    const service: Lazy<T, N> = { name: token.name, needs, make };
    let made: { readonly value: T } | null = null;
    return this.#register(token, () => {
      made ??= { value: this.#make(service) };
      return made.value;
    });
  }

  /**
   * The service.
   * @throws MailframeError MF_SERVICE_MISSING, MF_SERVICE_CYCLE
   */
  get<T>(token: Token<T>): T {
    if (!this.has(token)) {
      throw new MailframeError('MF_SERVICE_MISSING', `nothing provides the service "${token.name}"${chainText()}`);
    }
    return this.#container.resolve<T>(token.key);
  }

  /** All the services of a list of needs, under the names they have there. */
  all<N extends Needs>(needs: N): Resolved<N> {
    const entries = Object.entries(needs).map(([name, token]) => [name, this.get(token)] as const);
    return Object.fromEntries(entries) as Resolved<N>;
  }

  /** Whether this scope or one above it has the service. */
  has<T>(token: Token<T>): boolean {
    return this.#container.isRegistered(token.key) || (this.#parent?.has(token) ?? false);
  }

  /** Whether the service was registered in this very scope. */
  owns<T>(token: Token<T>): boolean {
    return this.#container.isRegistered(token.key);
  }

  /** The names of all services that this scope sees, sorted. */
  names(): readonly string[] {
    return [...new Set([...this.#names, ...(this.#parent?.names() ?? [])])].sort();
  }

  #register<T>(token: Token<T>, provide: () => T): this {
    if (this.#container.isRegistered(token.key)) {
      throw new RangeError(`the service "${token.name}" is registered twice in one scope: replace it in a child`);
    }
    // Always a factory: the container takes a value of `null` or `undefined` for no provider at all.
    this.#container.register<T>(token.key, { useFactory: provide });
    this.#names.add(token.name);
    return this;
  }

  #make<T, N extends Needs>(service: Lazy<T, N>): T {
    if (making.includes(service)) {
      const circle = [...making.slice(making.indexOf(service)), service].map(({ name }) => name).join(' -> ');
      throw new MailframeError('MF_SERVICE_CYCLE', `services need each other in a circle: ${circle}`);
    }
    making.push(service);
    try {
      return service.make(this.all(service.needs));
    } catch (error) {
      if (error instanceof MailframeError) throw error;
      throw new Error(`the service "${service.name}" cannot be made: ${describeError(error)}`, { cause: error });
    } finally {
      making.pop();
    }
  }
}

/** Who asked, where a service asked: `, which "queue" needs`. */
function chainText(): string {
  const asking = making.at(-1);
  return asking === undefined ? '' : `, which "${asking.name}" needs`;
}
