/**
 * What the builds of `lvfs fix` have shown, kept from one call to the next: whoever is interrupted goes on. Kept in a file for each
 * ebuild; it is believed as long as the ebuild, what is installed, and what was asked for are the same.
 */
import { createHash } from 'node:crypto';
import { fstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ImageFile } from '../../audit/index.js';
import type { Built } from '../../author/index.js';
import { distrust, errorCode, isRecord, openSaved, parseJson, replaceFile } from '../../base/index.js';
import type { RememberedTrial, TrialMemory } from './trialMemory.js';

interface Saved {
  readonly basis: string;
  readonly results: Record<string, SavedResult>;
  /** Builds of searches that have not come to an end, by what was searched for. */
  readonly trials: Record<string, Record<string, RememberedTrial>>;
}

/** An image as a list, which JSON can hold. */
type SavedResult = Omit<Built, 'image'> & { readonly image?: readonly (readonly [string, ImageFile])[] };

/** See the head of this file. */
export class FixState {
  readonly #file: string;
  readonly #basis: string;
  readonly #results: Record<string, SavedResult>;
  readonly #trials: Saved['trials'];

  /**
   * @param cache directory of what lvfs keeps
   * @param basis all that the results depend on
   */
  constructor(cache: string, cpv: string, basis: readonly string[]) {
    this.#file = join(cache, 'fix', `${cpv.replaceAll('/', ':')}.gz`);
    this.#basis = createHash('sha256').update(JSON.stringify(basis)).digest('hex');
    const saved = readSaved(this.#file);
    const isMeant = saved?.basis === this.#basis;
    this.#results = isMeant ? saved.results : {};
    this.#trials = isMeant ? saved.trials : {};
  }

  /** How many results are there. */
  get size(): number {
    return Object.keys(this.#results).length;
  }

  get(key: string): Built | undefined {
    const known = this.#results[key];
    if (known === undefined) return undefined;
    const { image, ...rest } = known;
    return image === undefined ? rest : { ...rest, image: new Map(image) };
  }

  /** Keeps a result; where it cannot be written it is kept for this call only. */
  set(key: string, { image, ...rest }: Built): void {
    this.#results[key] = image === undefined ? rest : { ...rest, image: [...image] };
    delete this.#trials[key];
    this.#save();
  }

  /** The builds of the search for a result, which are kept until that is there. */
  trialsOf(key: string): TrialMemory {
    return {
      get: (trial) => this.#trials[key]?.[trial],
      set: (trial, value) => {
        (this.#trials[key] ??= {})[trial] = value;
        this.#save();
      },
    };
  }

  #save(): void {
    const saved: Saved = { basis: this.#basis, results: this.#results, trials: this.#trials };
    try {
      replaceFile(this.#file, [gzipSync(JSON.stringify(saved))]);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }

  /** Forgets all. */
  clear(): void {
    for (const all of [this.#results, this.#trials]) for (const key of Object.keys(all)) delete all[key];
    rmSync(this.#file, { force: true });
  }
}

/** Undefined when there is none, or none that can be believed. */
function readSaved(file: string): Saved | undefined {
  try {
    using saved = openSaved(file);
    if (distrust(fstatSync(saved.fd)) !== undefined) return undefined;
    return parseJson(gunzipSync(readFileSync(saved.fd)).toString('utf8'), isSaved);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function isSaved(value: unknown): value is Saved {
  return (
    isRecord(value) &&
    typeof value['basis'] === 'string' &&
    isRecord(value['results']) &&
    isRecord(value['trials'])
  );
}
