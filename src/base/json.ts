/** What was read as JSON, and what is known of it. */

/** Looks at a value and tells whether it is of a type. */
export type Is<T> = (value: unknown) => value is T;

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** What a text says; undefined when it is no JSON, or says something of another form. */
export function parseJson<T>(text: string, is: Is<T>): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return is(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
