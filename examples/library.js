#!/usr/bin/env node
/** What does a command look for in vain in the view of a package? library.js ATOM MOUNTPOINT COMMAND… runs it at the mount point. */
import { spawnSync } from 'node:child_process';
import { LvfsError, mountView, openSystem } from 'lvfs';

const [target = '', mountpoint = '', program = '', ...args] = process.argv.slice(2);
const places = { root: process.env.LVFS_ROOT, cache: process.env.LVFS_CACHE };
try {
  const { set } = await openSystem(places).plan([target]);
  console.log(`${set.targets[0]?.cpv} may use ${set.visible.size} of the installed packages`);
  const view = await mountView([target], mountpoint, { ...places, binds: { defaults: false } });
  try {
    spawnSync(program, args, { cwd: mountpoint, stdio: 'inherit' });
    for (const { comm, path, wanted, owners } of await view.denials())
      console.log(`${comm || 'somebody'} looked for ${wanted || path} of ${owners.join(' ')}`);
    const { report } = await view.report();
    for (const { suggest } of report.missing) console.log(suggest);
    // A mounted view can be changed, and asked again.
    const { shown } = await view.allow(report.missing.map(({ cpv }) => `=${cpv}`));
    if (shown.length > 0) spawnSync(program, args, { cwd: mountpoint, stdio: 'inherit' });
  } finally {
    await view.umount();
  }
} catch (error) {
  if (!(error instanceof LvfsError)) throw error;
  console.error(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
  process.exitCode = error.exit;
}
