/** What was read as JSON, and what is known of it. */

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What lvfs itself has written as JSON, in the same version; nothing is checked. @throws SyntaxError */
export function parseAs<T>(text: string): T {
  return JSON.parse(text) as T;
}
