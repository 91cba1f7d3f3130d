/**
 * The one error a caller of Pellucid has to know.
 *
 * `code` is stable and made for programs (`model/missing-tensor`), `message` is a sentence for the user that says
 * what to do, and `cause` holds what the log needs and the user does not.
 */
export class PellucidError extends Error {
  override readonly name = 'PellucidError';
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
