/** Why a path is there in a view, or is not. */
import { chainsTo, type VisibleSet } from '../../portage/index.js';
import { hostKind, rule, ruleNames, type Rule, type View } from '../../view/index.js';
import { leadsNowhere, type Explanation } from './explanation.js';
import { told } from '../../base/index.js';

function ruleName(decided: Rule): string {
  return ruleNames.get(decided) ?? '';
}

/** Explains a path; `path` is absolute inside the view, in bytes. */
export function explainPath(view: View, set: VisibleSet, path: Buffer): Explanation {
  const { index } = view;
  const given = path.toString('latin1');
  const found = view.canonical(path);
  if (found === undefined) {
    const nothing = { canonical: given, exists: false, owners: [], chain: [], detail: leadsNowhere };
    return { path: given, ...nothing, visible: false, rule: ruleName(rule.absent) };
  }
  const { node, kind } = found;
  const owners = (kind === hostKind.directory ? index.ownersWithin(node) : index.owners(node))
    .map((id) => index.cpv(id))
    .sort();
  const facts = { path: given, canonical: view.pathOf(node), exists: kind !== hostKind.missing, owners };
  const exists = facts.exists || view.isAlwaysThere(node);
  if (!exists) return { ...facts, visible: false, rule: ruleName(rule.absent), detail: '', chain: [] };
  const shown = facts.exists ? kind : hostKind.directory;
  const decided = view.decide(node, shown);
  const visible = view.isVisible(node, shown);
  const owner = visible ? owners.find((cpv) => set.visible.has(cpv)) : undefined;
  const chain = owner === undefined ? [] : (chainsTo(set, owner, 1)[0] ?? []).map(told);
  if (visible === decided > 0) {
    return { ...facts, visible, rule: ruleName(decided), detail: view.detail(node, decided), chain };
  }
  // Visible by itself, but a directory above it is not.
  let above = index.parent(node);
  while (view.isVisibleDirectory(above) || !view.isVisibleDirectory(index.parent(above)))
    above = index.parent(above);
  const reason = view.decide(above, hostKind.directory);
  return { ...facts, visible, rule: ruleName(reason), detail: view.pathOf(above), chain };
}
