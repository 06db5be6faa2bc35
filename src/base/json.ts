/** What was read as JSON, and what is known of it. */

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What lvfs itself has written as JSON, in the same version; nothing is checked. @throws SyntaxError */
export function parseAs<T>(text: string): T {
  return JSON.parse(text) as T;
}

/** The object of a text that somebody else may have written; undefined when it is none. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
