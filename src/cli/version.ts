/** The version of lvfs. Loads nothing else of it: to say it is the quickest thing that lvfs does. */
import { readFileSync } from 'node:fs';

/** The version in package.json, which lies beside `dist`. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  throw new TypeError('package.json tells no version');
}
