import type { Origin } from '../../src/base/index.js';
import { pkg } from './installed.js';

/** The origin that is called so: `target`, `@NAME`, `--with`, or a cpv. */
export function origin(name: string): Origin {
  if (name === 'target') return { kind: 'target' };
  if (name === '--with') return { kind: 'option', name: 'with' };
  return name.startsWith('@') ? { kind: 'set', name: name.slice(1) } : { kind: 'package', cpv: pkg(name) };
}
