/** What may follow HELO. Machines call themselves all sorts of things: whether it is a domain is for plugins to say. */

const ANNOUNCED = /^[^\s\u0000-\u001f\u007f-\u009f\ufffd]{1,255}$/u;

/** Whether a client may call itself that. */
export function isAnnounceable(domain: string): boolean {
  return ANNOUNCED.test(domain);
}
