/** Paths are bytes, people and JSON want text. */
import { displayPath } from '../base/index.js';

/** A path as JSON fields: its text under `name` and, when it is not UTF-8, its bytes in base64 under `<name>Base64`. */
export function bytesField(name: string, path: string): Record<string, string> {
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return { [name]: text };
  return { [name]: displayPath(path), [`${name}Base64`]: bytes.toString('base64') };
}
