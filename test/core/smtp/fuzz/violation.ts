/** What no listener may do, whatever its clients say. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
