/**
 * Whether an ebuild's metadata keeps to the rules of its EAPI. emerge masks an ebuild as invalid when it does not, and takes
 * the next one (`Package.__init__` and `Package._validate_deps` of Portage; PMS 7.2, 7.3 and 8.2).
 */
import type { Atom } from '../atom.js';
import { DependError, type DepNode, parseDepend, parseRequiredUse, parseWords } from '../depend.js';
import { eapiFeatures } from '../eapi.js';
import { parseSlot } from '../match.js';
import { words } from '../packageFiles.js';
import type { Metadata } from '../repos/repository.js';

/** In the order in which Portage looks at them; each is read whether the EAPI has it or not. */
const dependencies = ['BDEPEND', 'DEPEND', 'IDEPEND', 'PDEPEND', 'RDEPEND'];
const wordLists = ['LICENSE', 'PROPERTIES', 'RESTRICT'];

/**
 * What is invalid in an ebuild's metadata, one sentence for each variable, in Portage's form `VARIABLE: what`; none when all is
 * well. Its EAPI must be a supported one.
 *
 * @param isValidFlag whether a flag is in IUSE_EFFECTIVE (PMS 11.1.1); no other may be asked for.
 */
export function invalidities(metadata: Metadata, isValidFlag: (flag: string) => boolean): readonly string[] {
  const eapi = metadata.get('EAPI') ?? '0';
  const features = eapiFeatures(eapi);
  const found: string[] = [];
  const check = (variable: string, read: (text: string) => void): void => {
    const text = metadata.get(variable) ?? '';
    if (text === '') return;
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof DependError)) throw error;
      found.push(`${variable}: ${error.problem}`);
    }
  };

  const slot = metadata.get('SLOT') ?? '';
  if (slot === '') found.push('SLOT: undefined');
  else if (parseSlot(slot, eapi) === undefined) found.push(`SLOT: invalid value: '${slot}'`);
  if (!features.iuseDefaults && words(metadata.get('IUSE')).some((flag) => /^[+-]/.test(flag))) {
    found.push("IUSE contains defaults, but EAPI doesn't allow them");
  }
  for (const variable of dependencies) {
    check(variable, (text) => {
      const built = builtSlotAtom(parseDepend(text, { eapi, isValidFlag }));
      if (built === undefined) return;
      throw new DependError(text, 0, `Improper context for slot-operator "built" atom syntax: ${built.text}`);
    });
  }
  for (const variable of wordLists) check(variable, (text) => void parseWords(text, { isValidFlag }));
  check('REQUIRED_USE', (text) => {
    if (features.requiredUse) parseRequiredUse(text, { eapi, isValidFlag });
    else found.push(`REQUIRED_USE set, but EAPI='${eapi}' doesn't allow it`);
  });
  return found;
}

/** The first atom with `:slot/sub-slot=`, which is what Portage records for an installed package. */
function builtSlotAtom(nodes: readonly DepNode<Atom>[]): Atom | undefined {
  for (const node of nodes) {
    if (node.kind !== 'leaf') {
      const inside = builtSlotAtom(node.children);
      if (inside !== undefined) return inside;
    } else if (node.value.slotOperator === '=' && node.value.subslot !== undefined) return node.value;
  }
  return undefined;
}
