/** The globs that the user shows and hides paths by: rules 1 and 2. */
import { Memo } from '../../base/index.js';
import { GlobSet } from '../globs.js';
import type { HostPaths } from '../hostPaths.js';
import { rootNode, type IndexNode, type PathIndex } from '../pathIndex.js';
import { rule, type Overrides, type Rule } from '../rules.js';

/** What is remembered about paths at most. */
const rememberedPaths = 100_000;

/** What the globs in force say of paths. */
export class OverrideRules {
  /** Whether there are any. */
  isEmpty = true;
  readonly #index: PathIndex;
  readonly #names: HostPaths;
  readonly #known = new Memo<IndexNode, Rule | 0>(rememberedPaths);
  #show = new GlobSet([]);
  #hide = new GlobSet([]);

  /** @param names tells paths of the view */
  constructor(index: PathIndex, names: HostPaths) {
    this.#index = index;
    this.#names = names;
  }

  /** From now on these globs are in force; see {@link GlobSet} for `placeOf`. */
  takeUp({ show, hide }: Overrides, placeOf: (directory: string) => string): void {
    this.#show = new GlobSet(show, placeOf);
    this.#hide = new GlobSet(hide, placeOf);
    this.isEmpty = this.#show.isEmpty && this.#hide.isEmpty;
    this.forget();
  }

  /** Forgets what was found out of nodes. */
  forget(): void {
    this.#known.clear();
  }

  /** Whether a glob may show something below a directory. */
  mayShowBelow(path: string): boolean {
    return this.#show.reaches(path);
  }

  /** Rules 1 and 2, from the top down: a directory's answer holds for its tree. */
  rule(node: IndexNode): Rule | 0 {
    if (node === rootNode) return 0;
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const above = this.rule(this.#index.parent(node));
    let decided: Rule | 0 = above;
    if (above !== rule.hide) {
      const path = this.#names.text(node);
      if (this.#hide.matches(path)) decided = rule.hide;
      else if (above !== rule.show && this.#show.matches(path)) decided = rule.show;
    }
    this.#known.set(node, decided);
    return decided;
  }
}
